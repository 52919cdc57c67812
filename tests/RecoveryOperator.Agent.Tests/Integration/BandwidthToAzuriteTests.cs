using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Tests.Integration;

/// <summary>A limit holds on uploads to a real blob service, measured there: what arrived against the time that passed on the agent's clock.</summary>
public sealed class BandwidthToAzuriteTests
{
    private const long Rate = 1_000_000;
    private const int ContentBytes = 8 * 1024 * 1024;
    private const long LargestSegmentBytes = 1_100_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_arrives_never_exceeds_the_rate()
    {
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        FakeMachine machine = new(2, ContentBytes);
        byte[] content = new byte[ContentBytes / 2];
        new Random(1).NextBytes(content);
        machine.Write(0, 0, content);
        machine.Write(1, 0, content);
        using EngineBench bench = new(machine) { Time = time };
        await using Azurite azurite = await Azurite.StartAsync(Token);
        DesiredProtection desired = bench.Desired.Clone();
        desired.LogContainerUri = (await GrantAsync(azurite, ProtectionId.Parse(desired.ProtectionId))).ToString();
        desired.Bandwidth = new BandwidthTerms { DefaultBytesPerSecond = Rate };
        desired.UploadConcurrency = 32;
        BlobContainerClient log = new(
            new Uri($"{azurite.Endpoint.ToString().TrimEnd('/')}/{desired.ProtectionId}-log"), new StorageSharedKeyCredential(azurite.AccountName, azurite.AccountKey));

        EngineServices services = bench.Restart() with { OpenLog = grant => new BlobLogStore(grant, time) };
        services.Store.Remove(desired.ProtectionId);
        await using ProtectionEngine engine = new(services);
        DateTimeOffset start = time.GetUtcNow();
        await engine.PutAsync(desired, Token);
        List<string> measured = [];
        await Eventually.HoldsAsync(
            () =>
            {
                double seconds = (time.GetUtcNow() - start).TotalSeconds;
                long arrived = Arrived(log);
                measured.Add($"{seconds:0.00} s: {arrived} bytes");
                Assert.True(arrived <= (Rate * (seconds + 1)) + LargestSegmentBytes, measured[^1]);
                time.Advance(TimeSpan.FromMilliseconds(250));
                return engine.List().Single().CommittedSequence == 1;
            },
            Token);

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(Environment.NewLine, measured));
        Assert.True(Arrived(log) >= ContentBytes);
        Assert.True((time.GetUtcNow() - start).TotalSeconds >= ((ContentBytes - LargestSegmentBytes) / (double)Rate) - 1);
    }

    private static long Arrived(BlobContainerClient log)
    {
        long bytes = 0;
        foreach (BlobItem blob in log.GetBlobs(cancellationToken: Token))
            bytes += blob.Name.EndsWith(".hrl", StringComparison.Ordinal) ? blob.Properties.ContentLength ?? 0 : 0;
        return bytes;
    }

    private static async Task<Uri> GrantAsync(Azurite azurite, ProtectionId id)
    {
        ProtectionVault vault = VaultAccount
            .Connect(new VaultConnectionOptions { Endpoint = azurite.Endpoint, AccountName = azurite.AccountName, AccountKey = azurite.AccountKey })
            .Open(id);
        await vault.CreateMachineAsync();
        return await vault.GrantHostAsync(1, DateTimeOffset.UtcNow, Token);
    }
}
