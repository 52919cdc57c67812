using System.Text;
using Google.Protobuf;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Encryption;

/// <summary>The engine with a data key: what leaves the host is encrypted, wherever it breaks, and no key and nonce is used twice.</summary>
public sealed class EncryptedEngineTests(ITestOutputHelper output)
{
    private const int SizeBytes = (2 * 1024 * 1024) + 4096;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_key_and_nonce_is_used_twice_wherever_the_engine_breaks(bool crash)
    {
        int points = await RunAsync(crash, int.MaxValue);
        int segments = 0;
        for (int breakAt = 1; breakAt <= points; breakAt++)
            segments += await RunAsync(crash, breakAt);
        output.WriteLine($"{points} points, {segments} encrypted segments");
    }

    [Fact]
    public async Task Switched_on_it_holds_for_what_is_cut_from_then_on_and_for_a_cut_that_waits()
    {
        FakeMachine machine = new(1, SizeBytes);
        machine.Write(0, 0, Content(1, 500_000));
        using EngineBench bench = new(machine);
        bench.Restart();
        await bench.RunAsync();
        machine.Write(0, 0, Content(2, 100_000));
        bench.Vault.Outage = new VaultException(VaultFault.Unavailable, "vault", "it is away", "wait");
        await Assert.ThrowsAsync<VaultException>(bench.RunAsync);
        Assert.NotEmpty(Directory.GetFiles(bench.SpoolFolder, "*.hrl", SearchOption.AllDirectories));

        DataKey key = Give(bench);
        bench.Vault.Outage = null;

        // The cut in the clear is dropped and cut again: nothing of it is lost, and nothing of it leaves the host.
        await Assert.ThrowsAnyAsync<IOException>(bench.RunAsync);
        await bench.RunAsync();
        await bench.VerifyAllSetsAsync();
        SetManifest second = bench.Vault.Manifests(1).Last();
        Assert.Equal((2L, 2, key.Id.ToString()), (second.Sequence, second.FormatVersion, Assert.Single(second.DataKeys!)));
        Assert.All(second.Disks.SelectMany(disk => disk.Segments), segment => Assert.True(SegmentHeader.IsEncrypted(bench.Vault.Blobs[segment.Blob])));
        Assert.Null(bench.Vault.Manifests(1).First().DataKeys);

        await bench.RunAsync();
        Assert.Empty(bench.Vault.Manifests(1).Last().DataKeys!);
    }

    [Fact]
    public async Task A_new_data_key_is_used_from_the_next_cut_on()
    {
        FakeMachine machine = new(1, SizeBytes);
        machine.Write(0, 0, Content(1, 500_000));
        using EngineBench bench = new(machine);
        bench.Restart();
        DataKey first = Give(bench);
        await bench.RunAsync();
        machine.Write(0, 0, Content(2, 100_000));
        DataKey second = Give(bench);
        await bench.RunAsync();

        await bench.VerifyAllSetsAsync();
        SetManifest[] sets = [.. bench.Vault.Manifests(1)];
        Assert.Equal(first.Id, KeyOf(bench, sets[0].Disks[0].Base[0].Blob));
        Assert.Equal(second.Id, KeyOf(bench, sets[1].Disks[0].Segments[0].Blob));
    }

    [Fact]
    public async Task A_key_that_is_none_and_a_protection_that_loses_its_key_are_refused_without_a_word_of_the_key()
    {
        using EngineBench bench = new(new FakeMachine(1, SizeBytes));
        EngineServices services = bench.Restart();
        services.Store.Remove(EngineBench.ProtectionId);
        await using ProtectionEngine engine = new(services);
        DataKey key = DataKey.Generate();
        DesiredProtection desired = bench.Desired.Clone();
        desired.PayloadKey = Message(key);
        DesiredProtection shorter = desired.Clone();
        shorter.PayloadKey.Key = ByteString.CopyFrom(key.Secret[..31]);
        DesiredProtection other = desired.Clone();
        other.PayloadKey.Id = DataKey.Generate().Id.ToString();

        List<FaultException> faults = [];
        foreach (DesiredProtection wrong in new[] { shorter, other })
            faults.Add(await Assert.ThrowsAsync<FaultException>(() => engine.PutAsync(wrong, Token)));
        await engine.PutAsync(desired, Token);
        faults.Add(await Assert.ThrowsAsync<FaultException>(() => engine.PutAsync(bench.Desired, Token)));

        Assert.Equal([FaultReasons.InvalidRequest, FaultReasons.InvalidRequest, FaultReasons.PayloadKeyWithdrawn], faults.Select(fault => fault.Fault.Reason));
        Assert.All(faults, fault => AssertNoKey(key, fault.Fault.ToString()));
    }

    [Fact]
    public void No_text_of_a_message_shows_a_key()
    {
        DataKey key = DataKey.Generate();
        DesiredProtection desired = new() { DisplayName = "default/web-1", PayloadKey = Message(key) };

        foreach (string text in new[] { $"{desired.PayloadKey}", $"{desired}", $"{new PutProtectionRequest { Protection = desired }}" })
        {
            Assert.Contains(key.Id.ToString(), text, StringComparison.Ordinal);
            AssertNoKey(key, text);
        }

        Assert.Equal(desired, DesiredProtection.Parser.ParseFrom(desired.ToByteArray()));
    }

    internal static void AssertNoKey(DataKey key, string text)
    {
        Assert.DoesNotContain(Convert.ToBase64String(key.Secret)[..20], text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexString(key.Secret)[..20], text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Encoding.Latin1.GetString(key.Secret), text, StringComparison.Ordinal);
    }

    internal static PayloadKey Message(DataKey key) => new() { Id = key.Id.ToString(), Key = ByteString.CopyFrom(key.Secret) };

    private static async Task<int> RunAsync(bool crash, int breakAt)
    {
        Random random = new(breakAt);
        FakeMachine machine = new(2, SizeBytes) { Points = new FaultPoints { BreakAt = breakAt, IsCrash = crash }, EndAfterReads = 2 };
        machine.Write(0, 65536, Content(breakAt, SizeBytes - (4 * 65536)));
        machine.Write(1, 0, Content(breakAt + 1, 300_000));
        using EngineBench bench = new(machine);
        DataKey key = DataKey.Generate();
        bench.Desired.PayloadKey = Message(key);
        bench.Replica.Keys.Add(key);
        SealedBlobs blobs = new();
        bench.Restart();
        for (int cycle = 0; cycle < 2; cycle++)
        {
            for (int tries = 0; ; tries++)
            {
                try
                {
                    await bench.RunAsync();
                    break;
                }
                catch (InjectedFaultException) when (tries == 0)
                {
                    // The one that was asked for.
                    blobs.Harvest(bench);
                    if (crash)
                        bench.Restart();
                }
            }

            machine.Write(random.Next(2), random.Next(20) * 65536, Content(random.Next(), 70_000));
        }

        await bench.VerifyAllSetsAsync();
        blobs.Harvest(bench);
        Assert.All(bench.Vault.Blobs.Values, blob => Assert.True(SegmentHeader.IsEncrypted(blob), $"a segment left the host in the clear (broken at {machine.Points.BrokeAt})"));
        return breakAt == int.MaxValue ? machine.Points.Count : blobs.Count;
    }

    private static DataKey Give(EngineBench bench)
    {
        DataKey key = DataKey.Generate();
        DesiredProtection desired = bench.Context.Desired.Clone();
        desired.PayloadKey = Message(key);
        bench.Context.Store.Put(desired, DateTimeOffset.UtcNow, bench.Progress);
        bench.Context.Replace(desired, DateTimeOffset.UtcNow);
        bench.Replica.Keys.Add(key);
        return key;
    }

    private static KeyId? KeyOf(EngineBench bench, string blob) => KeyId.Read(bench.Vault.Blobs[blob].AsSpan(80, 16));

    private static byte[] Content(int seed, int length)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }
}
