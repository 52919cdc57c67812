using System.Text.Json;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>A protected VM of a test: its host commits sets, its applier makes points of them.</summary>
internal sealed class BedMachine
{
    private readonly BlobLogStore _host;
    private readonly TimeProvider _time;
    private StoredSet? _last;

    private BedMachine(string name, ProtectionVault vault, Uri grant, TimeProvider time)
    {
        (Name, Vault, _time) = (name, vault, time);
        _host = new BlobLogStore(grant, time);
        Applier = new FakeApplier(vault);
    }

    public string Name { get; }

    /// <summary>Its vault, without faults.</summary>
    public ProtectionVault Vault { get; }

    public FakeApplier Applier { get; }

    /// <summary>Sequence of the last set that the host was told is committed.</summary>
    public long Committed => _last?.Manifest.Sequence ?? 0;

    public static async Task<BedMachine> CreateAsync(VaultAccount account, string space, string name, TimeProvider time, CancellationToken cancellationToken)
    {
        var vault = account.Open(ProtectionIds.Derive(account.Prefix, space, name));
        var vm = new VmDocument
        {
            ProtectionId = vault.Id.ToString(),
            Cluster = "cluster-a",
            Namespace = space,
            Name = name,
            Prefix = account.Prefix,
            MachineId = $"{name}-id",
            MachineName = name,
            SourceSite = "site-a",
            CreatedAt = time.GetUtcNow(),
        };
        await vault.EnsureCreatedAsync(vm, new JournalDocument { ActiveSite = "site-a", Epoch = 1, Epochs = [new EpochRecord(1, null, null)] }, cancellationToken);
        return new BedMachine(name, vault, await vault.GrantHostAsync(1, time.GetUtcNow(), cancellationToken), time);
    }

    /// <summary>The host commits a set; false when it is fenced.</summary>
    public async Task<bool> CommitAsync(CancellationToken cancellationToken, Consistency consistency = Consistency.CrashConsistent, Completes completes = Completes.None)
    {
        var set = new SetManifest
        {
            Kind = SetKind.Set,
            ProtectionId = Vault.Id.ToString(),
            Epoch = 1,
            Sequence = Committed + 1,
            Attempt = Guid.NewGuid(),
            PreviousSha256 = _last?.Sha256,
            Instant = _time.GetUtcNow(),
            Consistency = consistency,
            Completes = completes,
            Machine = new MachineRecord($"{Name}-id", Name, JsonSerializer.SerializeToElement(new { nics = new[] { new { network = "lan" } } })),
        };
        try
        {
            var result = await _host.CommitAsync(set, cancellationToken);
            if (result.Outcome != CommitOutcome.Committed)
                return false;
            _last = result.Standing;
            return true;
        }
        catch (VaultException fault) when (fault.Fault == VaultFault.AccessDenied)
        {
            return false;
        }
    }

    public async Task<JournalDocument> JournalAsync(CancellationToken cancellationToken) => (await Vault.ReadJournalAsync(cancellationToken))!.Value;

    /// <summary>Sequences of all seals in the epoch.</summary>
    public async Task<IReadOnlyList<long>> SealsAsync(long epoch, CancellationToken cancellationToken)
    {
        var seals = new List<long>();
        for (long sequence = 1; sequence < 50; sequence++)
        {
            if (await Vault.ReadSetAsync(epoch, sequence, cancellationToken) is { Manifest.Kind: SetKind.Seal })
                seals.Add(sequence);
        }

        return seals;
    }
}
