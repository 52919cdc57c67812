using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Prometheus;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Agent.VaultRole;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Tests.VaultRole;

/// <summary>The real vault role on a real Azurite: it finds its work by itself, and its operations end when the vault says so.</summary>
public sealed class VaultRoleTests : IAsyncLifetime
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("vault-role-").FullName;
    private readonly ProtectionId _id = ProtectionIds.Derive("t", "apps", "web");
    private Azurite _azurite = null!;
    private WebApplication _app = null!;
    private ProtectionVault _vault = null!;
    private BlobLogStore _host = null!;
    private TestCertificates _certificates = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _azurite = await Azurite.StartAsync(CancellationToken.None);
        VaultConnectionOptions connection = new() { Endpoint = _azurite.Endpoint, AccountName = _azurite.AccountName, AccountKey = _azurite.AccountKey, Prefix = "t" };
        _vault = VaultAccount.Connect(connection).Open(_id);
        await _vault.CreateMachineAsync("apps", "web", "t");
        _host = new BlobLogStore(await _vault.GrantHostAsync(1, TimeProvider.System.GetUtcNow(), CancellationToken.None), TimeProvider.System);
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
            "--Vault:Endpoint", _azurite.Endpoint.ToString(),
            "--Vault:Prefix", "t",
            "--Vault:AccountName", _azurite.AccountName,
            "--Vault:AccountKey", _azurite.AccountKey,
            "--Apply:RoundSeconds", "0.2",
        ]);
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _azurite.DisposeAsync();
        _certificates.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_a_host_commits_becomes_points_by_itself_and_an_operation_waits_for_the_seal()
    {
        StoredSet first = await CommitAsync(1, null);
        await CommitAsync(2, first.Sha256);
        ReplicaDirectory replicas = _app.Services.GetRequiredService<ReplicaDirectory>();
        using (BroadcastSubscription<ReplicaStatus> watch = replicas.Watch())
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
            limit.CancelAfter(_patience);
            await foreach (ReplicaStatus status in watch.ReadAllAsync(limit.Token))
            {
                if (status is { AppliedSequence: 2, Points: 2 })
                    break;
            }
        }

        OperationRegistry operations = _app.Services.GetRequiredService<VaultOperations>().Registry;
        ApplyOperations work = new(replicas.Get(_id).Work, _app.Services.GetRequiredService<ApplySlots>(), TimeProvider.System);
        operations.Start("op-1", "digest", async (context, token) => await work.ApplyThroughSealAsync(1, context, token));
        await _vault.SealAsync(1, "op-1", TimeProvider.System.GetUtcNow(), Token);
        Operation ended = await EndOfAsync(operations, "op-1");
        Assert.Equal(OperationState.Succeeded, ended.State);
        Assert.Equal(new AppliedInfo { Epoch = 1, Sequence = 2, Sealed = true }, ended.Result.Applied);
        Assert.Throws<OperationIdTakenException>(() => operations.Start("op-1", "other", (_, _) => throw new InvalidOperationException("It must not run.")));

        using MemoryStream text = new();
        await _app.Services.GetRequiredService<CollectorRegistry>().CollectAndExportAsTextAsync(text, Token);
        Assert.Contains("recovery_points{namespace=\"apps\",name=\"web\"} 2", System.Text.Encoding.UTF8.GetString(text.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_set_fails_the_operation_with_the_remedy()
    {
        await CommitAsync(1, new string('0', 64));
        ApplyOperations work = new(_app.Services.GetRequiredService<ReplicaDirectory>().Get(_id).Work, _app.Services.GetRequiredService<ApplySlots>(), TimeProvider.System);
        OperationRegistry operations = _app.Services.GetRequiredService<VaultOperations>().Registry;
        operations.Start("op-1", "digest", async (context, token) => await work.ApplyThroughSealAsync(1, context, token));
        Operation ended = await EndOfAsync(operations, "op-1");
        Assert.Equal((OperationState.Failed, FaultCategory.ResyncRequired, "SetDamaged"), (ended.State, ended.Fault.Category, ended.Fault.Reason));
        Assert.Contains("LatestProcessed", ended.Fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_set_of_a_newer_version_is_waited_for_aloud()
    {
        StoredSet first = await CommitAsync(1, null);
        await _host.CreateSegmentAsync(VaultNames.Set(1, 2), "{\"formatVersion\":9}"u8.ToArray(), Token);
        using BroadcastSubscription<ReplicaStatus> watch = _app.Services.GetRequiredService<ReplicaDirectory>().Watch();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(_patience);
        await foreach (ReplicaStatus status in watch.ReadAllAsync(limit.Token))
        {
            if (status.Fault is not { Reason: "VaultUnsupported" } fault)
                continue;

            Assert.Equal(FaultCategory.NonRecoverable, fault.Category);
            Assert.EndsWith(VaultNames.Set(1, 2), fault.Object, StringComparison.Ordinal);
            Assert.Contains("Upgrade", fault.Remedy, StringComparison.Ordinal);
            break;
        }

        Assert.Equal(first.Sha256, (await _vault.ReadPointAsync(1, 1, Token))?.SetSha256);
    }

    private static async Task<Operation> EndOfAsync(OperationRegistry operations, string id)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(_patience);
        Operation last = operations.Get(id);
        await foreach (Operation operation in operations.WatchAsync(id, limit.Token))
            last = operation;

        return last;
    }

    private async Task<StoredSet> CommitAsync(long sequence, string? previous)
    {
        SetManifest manifest = new()
        {
            Kind = SetKind.Set,
            ProtectionId = _id.ToString(),
            Epoch = 1,
            Sequence = sequence,
            Attempt = Guid.NewGuid(),
            PreviousSha256 = previous,
            Instant = TimeProvider.System.GetUtcNow(),
            Machine = new MachineRecord("m", "web", JsonSerializer.SerializeToElement(new { })),
        };
        return (await _host.CommitAsync(manifest, Token)).Standing;
    }
}
