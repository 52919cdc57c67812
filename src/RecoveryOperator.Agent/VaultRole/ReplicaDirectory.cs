using System.Collections.Concurrent;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>The replicas that are known, found in the vault itself.</summary>
internal sealed class ReplicaDirectory(
    VaultAccount account, LeaseHolder holder, VaultRoleOptions options, VaultRoleMetrics metrics, TimeProvider time, ILoggerFactory loggers)
{
    private readonly ConcurrentDictionary<ProtectionId, KnownReplica> _replicas = new();
    private readonly BroadcastList<ReplicaStatus> _watchers = new();

    /// <summary>Replicas known.</summary>
    public int Count => _replicas.Count;

    /// <summary>Replicas known.</summary>
    public IReadOnlyCollection<KnownReplica> All => [.. _replicas.Values];

    /// <summary>Reads the vault's list.</summary>
    public async Task<IReadOnlyCollection<KnownReplica>> RefreshAsync(CancellationToken cancellationToken)
    {
        HashSet<ProtectionId> listed = [];
        await foreach (ProtectionId id in account.ListProtectionsAsync(cancellationToken))
            listed.Add(id);

        foreach (ProtectionId gone in _replicas.Keys.Where(id => !listed.Contains(id)))
        {
            if (_replicas.TryGetValue(gone, out KnownReplica? replica) && replica.Work.TryRetire())
                _replicas.TryRemove(gone, out _);
        }

        return [.. listed.Select(Get)];
    }

    /// <summary>One replica, whether it is in the vault yet or not.</summary>
    public KnownReplica Get(ProtectionId id) => _replicas.GetOrAdd(id, Create);

    /// <summary>All statuses now, then each change.</summary>
    public BroadcastSubscription<ReplicaStatus> Watch() => _watchers.Subscribe([.. _replicas.Values.Select(replica => replica.Work.Display.Status)]);

    private KnownReplica Create(ProtectionId id)
    {
        ProtectionVault vault = account.Open(id);
        ReplicaApplier applier = new(account, vault, holder, options.Applier, loggers.CreateLogger<ReplicaApplier>());
        VerificationRecorder recorder = new(account, vault, holder, options.Applier.LeaseDuration, loggers.CreateLogger<VerificationRecorder>());
        ReplicaScrubber? scrubber = options.Scrub is { } scrub ? new(account, vault, holder, scrub, loggers.CreateLogger<ReplicaScrubber>()) : null;
        ReplicaDisplay display = new(id, metrics, _watchers.Publish, loggers.CreateLogger<ReplicaWork>());
        ReplicaWork work = new(vault, applier, display, time, loggers.CreateLogger<ReplicaWork>());
        return new KnownReplica(work, new ReplicaVerifications(work, vault, recorder, scrubber, time, loggers.CreateLogger<ReplicaVerifications>()));
    }
}
