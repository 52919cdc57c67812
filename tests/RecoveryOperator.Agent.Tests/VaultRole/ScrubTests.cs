using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Prometheus;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Agent.Tests.VaultCommands;
using RecoveryOperator.Agent.VaultRole;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.VaultRole;

/// <summary>The real vault role on a real Azurite: it scrubs by itself, and verifies points on demand.</summary>
public sealed class ScrubTests(AzuriteServer server) : IAsyncLifetime, IClassFixture<AzuriteServer>
{
    private const int MiB = 1024 * 1024;

    private readonly string _folder = Directory.CreateTempSubdirectory("scrub-").FullName;
    private WebApplication _app = null!;
    private ShippedMachine _machine = null!;
    private TestCertificates _certificates = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _machine = await new ShippedMachine(server.Azurite, $"vm-{Guid.NewGuid():N}", 3, 4 * MiB).CreateAsync(TimeProvider.System.GetUtcNow().AddDays(-1));
        _machine.Write(0, 0, 2 * MiB);
        await _machine.CommitAsync();
        await _machine.ApplyAsync();
        _certificates = new TestCertificates(_folder, "authority");
        _certificates.WriteServer("localhost");
        _app = VaultRoleHost.Build(
        [
            "--Listen:Grpc", "127.0.0.1:0",
            "--Listen:Health", "127.0.0.1:0",
            "--Tls:Certificate", _certificates.CertificatePath,
            "--Tls:Key", _certificates.KeyPath,
            "--Tls:CertificateAuthority", _certificates.AuthorityPath,
            "--State:Directory", Path.Combine(_folder, "state"),
            "--Vault:ConnectionString", $"AccountName={server.Azurite.AccountName};AccountKey={server.Azurite.AccountKey};BlobEndpoint={server.Azurite.Endpoint};",
            "--Apply:RoundSeconds", "0.2",
            "--Scrub:LookSeconds", "0.1",
            "--Scrub:IntervalHours", "0.0005",
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _certificates.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_vault_agent_finds_by_itself_that_a_replica_is_whole_and_later_that_it_is_not()
    {
        await _app.StartAsync(Token);
        await Eventually.HoldsAsync(async () => (await AppliedAsync())?.Verified?.Point.Sequence == 1, Token);
        await Eventually.HoldsAsync(
            async () => (await MetricsAsync()).Contains("recovery_replica_verified_timestamp_seconds{namespace=\"apps\"", StringComparison.Ordinal), Token);

        await Eventually.HoldsAsync(() => TryFlipAsync(70_000), Token);
        await _machine.CommitAsync();
        await Eventually.HoldsAsync(async () => (await AppliedAsync())?.ReplicaDamage is { Point.Sequence: 2, Disk: 0, OffsetBytes: 65_536, BadBlocks: 1 }, Token);
        await Eventually.HoldsAsync(async () => (await MetricsAsync()).Contains("recovery_scrub_bad_blocks_total{namespace=\"apps\"", StringComparison.Ordinal), Token);
    }

    [Fact]
    public async Task A_point_is_verified_on_demand_and_a_damaged_one_fails_the_operation_with_its_place()
    {
        await _machine.FlipAsync(0, 70_000);
        await _machine.CommitAsync();
        await _machine.ApplyAsync();
        OperationRegistry operations = _app.Services.GetRequiredService<VaultOperations>().Registry;
        ReplicaVerifications verifications = _app.Services.GetRequiredService<ReplicaDirectory>().Get(_machine.Id).Verifications;
        operations.Start("whole", "digest", async (context, token) => await verifications.VerifyAsync(1, 1, context, token));
        operations.Start("damaged", "digest", async (context, token) => await verifications.VerifyAsync(1, 2, context, token));
        operations.Start("missing", "digest", async (context, token) => await verifications.VerifyAsync(1, 9, context, token));

        Operation whole = await EndOfAsync(operations, "whole");
        Assert.Equal((OperationState.Succeeded, true), (whole.State, whole.Result?.Verified?.Recorded ?? false));
        Assert.Equal(2 * MiB, whole.BytesTotal);
        Operation damaged = await EndOfAsync(operations, "damaged");
        Assert.Equal((OperationState.Failed, "PointDamaged"), (damaged.State, damaged.Fault.Reason));
        Assert.Contains("at byte 65536", damaged.Fault.Message, StringComparison.Ordinal);
        Assert.Equal(FaultCategory.NonRecoverable, (await EndOfAsync(operations, "missing")).Fault.Category);
        Assert.NotNull((await _machine.Vault.ReadPointAsync(1, 1, Token))?.VerifiedAt);
        Assert.NotNull((await _machine.Vault.ReadPointAsync(1, 2, Token))?.Damage);
    }

    private async Task<AppliedDocument?> AppliedAsync() => await _machine.Vault.ReadAppliedAsync(Token);

    /// <summary>While the agent holds the lease nobody can write past it, which is as it should be.</summary>
    private async Task<bool> TryFlipAsync(long offset)
    {
        try
        {
            await _machine.FlipAsync(0, offset);
            return true;
        }
        catch (Azure.RequestFailedException held) when (held.Status == 412)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(held.Message);
            return false;
        }
    }

    private static async Task<Operation> EndOfAsync(OperationRegistry operations, string id)
    {
        Operation last = operations.Get(id);
        await foreach (Operation operation in operations.WatchAsync(id, Token))
            last = operation;
        return last;
    }

    private async Task<string> MetricsAsync()
    {
        using MemoryStream text = new();
        await _app.Services.GetRequiredService<CollectorRegistry>().CollectAndExportAsTextAsync(text, Token);
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }
}
