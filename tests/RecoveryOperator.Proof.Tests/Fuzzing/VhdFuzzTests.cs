using System.Buffers.Binary;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>The footer of a replica disk, read out of the vault before anybody boots from it.</summary>
public sealed class VhdFuzzTests(ITestOutputHelper output)
{
    private const long SizeBytes = (5L << 20) + 1536;
    private const int ChecksumAt = 64;

    private static readonly byte[][] Footers =
    [
        Create(SizeBytes), Create(1), Create(FixedVhdFooter.MaxDiskSizeBytes),
    ];

    [Fact]
    public Task A_footer_is_called_sound_only_when_it_is_of_this_disk() => new Fuzzer(
        new FuzzTarget("VHD footer", Make, Check, _ => false), [Create(SizeBytes)], output).RunAsync(20_000, 0.02);

    private static byte[] Make(Random random)
    {
        byte[] bytes = new Mutator(random, Footers).Next();
        if (random.Next(2) == 0 && bytes.Length >= ChecksumAt + sizeof(uint))
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(ChecksumAt), Checksum(bytes));
        return bytes;
    }

    private static void Check(byte[] bytes)
    {
        if (FixedVhdFooter.FindFault(bytes, SizeBytes) is { } fault)
        {
            Assert.EndsWith(".", fault, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(FixedVhdFooter.LengthBytes, bytes.Length);
        Assert.True(bytes.AsSpan().StartsWith("conectix"u8), "a footer without its signature");
        Assert.Equal(Checksum(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(ChecksumAt)));
        Assert.Equal(6L << 20, BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(48)));
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(60)));
    }

    private static uint Checksum(byte[] bytes) =>
        ~(uint)(bytes.Sum(value => (long)value) - bytes.AsSpan(ChecksumAt, sizeof(uint)).ToArray().Sum(value => (long)value));

    private static byte[] Create(long sizeBytes) =>
        FixedVhdFooter.Create(ProtectionId.Parse("00112233445566778899aabbccddeeff"), 0, sizeBytes, DateTimeOffset.UnixEpoch.AddYears(56));
}
