using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using ApplyStage = RecoveryOperator.Protocol.ApplyStage;
using Stage = RecoveryOperator.Vault.Replica.ApplyStage;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>What is shown of one replica: its status to the watchers, its figures to the metrics.</summary>
internal sealed partial class ReplicaDisplay(ProtectionId id, VaultRoleMetrics metrics, Action<ReplicaStatus> publish, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly ReplicaStatus _status = new() { ProtectionId = id.ToString(), Stage = ApplyStage.Idle };

    /// <summary>How far it is now.</summary>
    public ReplicaStatus Status
    {
        get
        {
            lock (_lock)
                return _status.Clone();
        }
    }

    /// <summary>Its metrics; null before its owner is known.</summary>
    public ReplicaMetrics? Metrics { get; private set; }

    /// <summary>Finds out whose it is, once.</summary>
    public async Task BindAsync(ProtectionVault vault, CancellationToken cancellationToken)
    {
        if (Metrics is null && await vault.ReadVmAsync(cancellationToken) is { } vm)
            Metrics = metrics.Bind(vm.Value.Namespace, vm.Value.Name);
    }

    /// <summary>The protection is gone.</summary>
    public void Remove() => Metrics?.Remove();

    /// <summary>Shows what is done to it.</summary>
    public void Report(ApplyProgress progress)
    {
        ApplyStage stage = progress.Stage switch
        {
            Stage.Apply => ApplyStage.Apply,
            Stage.Snapshot => ApplyStage.Snapshot,
            Stage.RollBack => ApplyStage.RollBack,
            Stage.Compute => ApplyStage.Compute,
            _ => ApplyStage.Prune,
        };
        if (Status.Stage != stage)
            LogStage(logger, id, stage, progress.Epoch, progress.Sequence);
        Change(status =>
        {
            status.Epoch = progress.Epoch;
            status.Stage = stage;
        });
    }

    /// <summary>Shows how far it is.</summary>
    public void Show(AppliedDocument applied)
    {
        Metrics?.Show(applied);
        Change(status =>
        {
            status.Epoch = applied.Epoch;
            status.AppliedSequence = applied.Sequence;
            status.Sealed = applied.Sealed;
            status.LatestPointInstant = applied.LatestPoint?.Instant.ToTimestamp();
            status.Points = applied.PointCount;
            status.Fault = VaultFaults.Of(applied);
        });
    }

    /// <summary>Nothing is done to it now.</summary>
    public void ShowIdle() => Change(status => status.Stage = ApplyStage.Idle);

    /// <summary>What was done to it failed.</summary>
    public void ShowFault(Fault fault) => Change(status =>
    {
        status.Stage = ApplyStage.Idle;
        status.Fault = fault;
    });

    private void Change(Action<ReplicaStatus> change)
    {
        lock (_lock)
        {
            ReplicaStatus before = _status.Clone();
            change(_status);
            if (!before.Equals(_status))
                publish(_status.Clone());
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: {Stage} (epoch {Epoch}, sequence {Sequence})")]
    private static partial void LogStage(ILogger logger, ProtectionId protectedVm, ApplyStage stage, long epoch, long sequence);
}
