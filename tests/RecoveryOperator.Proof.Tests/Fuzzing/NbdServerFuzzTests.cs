using RecoveryOperator.Hypervisors.Nbd;
using RecoveryOperator.Hypervisors.Nbd.Server;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>What a hostile or broken NBD client sends: a guest that broke out of its QEMU may connect as QEMU does.</summary>
public sealed class NbdServerFuzzTests(ITestOutputHelper output)
{
    private const string Flags = "00000003";
    private const string Option = "49484156454F5054";
    private const string Disk = "000000046469736B";
    private const string Go = Option + "00000007" + "0000000E" + Disk + "0002" + "00030000";
    private const string Read = "25609513" + "0000" + "0000" + "0000000000000001" + "0000000000000000" + "00001000";

    private static readonly byte[][] Talks =
    [
        Convert.FromHexString(Flags + Option + "00000008" + "00000000" + Go + Read + Read),
        Convert.FromHexString(Flags + Option + "00000006" + "0000000A" + Disk + "0000" + Go + Read + "25609513" + "0000" + "0002" + "0000000000000002" + "000000000000000000000000"),
        Convert.FromHexString("00000001" + Option + "00000001" + "00000004" + "6469736B" + Read),
        Convert.FromHexString(Flags + Option + "00000002" + "00000000"),
    ];

    [Fact]
    public Task A_client_that_sends_anything() => new Fuzzer(
        new FuzzTarget("NBD client", random => new Mutator(random, Talks).Next(), Serve, error => error is EndOfStreamException or NbdException) { AllowedBytes = 4 << 20 },
        Talks,
        output).RunAsync(6_000, 0.05);

    private static void Serve(byte[] bytes)
    {
        Task served = ServeAsync(new Script(bytes));
        Assert.True(served.IsCompleted, "it waits for something");
        served.GetAwaiter().GetResult();
    }

    private static async Task ServeAsync(Stream stream)
    {
        Zeros zeros = new();
        if (await new ServerHandshake(stream, name => name == "disk" ? zeros : null, TimeProvider.System).RunAsync(CancellationToken.None) is not var (_, export))
            return;
        using NbdSession session = new(stream, export, TimeProvider.System);
        await session.RunAsync(CancellationToken.None);
    }

    /// <summary>Gives nothing but what it has.</summary>
    private sealed class Zeros : INbdExport
    {
        private static readonly byte[] Part = new byte[1 << 20];

        public long SizeBytes => 1 << 20;

        public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(long offsetBytes, int lengthBytes, CancellationToken cancellationToken)
        {
            Assert.InRange(offsetBytes, 0, SizeBytes - lengthBytes);
            Assert.InRange(lengthBytes, 1, NbdSession.LargestReadBytes);
            return Task.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>([Part.AsMemory((int)offsetBytes, lengthBytes)]);
        }
    }
}
