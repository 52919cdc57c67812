using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Documents;
using RpoBand = RecoveryOperator.Api.ProtectedVMs.RpoBand;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// Builds a status from a decision. What changes with every cycle (points, times) is kept as it is until something that a person would
/// notice changes too, or the refresh is due.
/// </summary>
internal static class ProtectedVMStatusBuilder
{
    private const int MaxDisks = 64;

    public static ProtectedVMStatus Build(GatheredProtection gathered, ProtectionDecision decision, TimeSpan refreshInterval)
    {
        var before = gathered.Entity.Status;
        var facts = gathered.Facts;
        var phase = Enum.Parse<ProtectionPhase>(decision.Phase.ToString());
        var rpo = Enum.Parse<RpoBand>(decision.Rpo.ToString());
        var health = Enum.Parse<ReplicationHealth>(decision.Health.Health.ToString());
        var latest = gathered.Replica?.Applied?.LatestPoint;
        var refresh = before?.LastRecoveryPoint is not { } last || facts.Now - last.ObservedTime >= refreshInterval
            || before.Phase != phase || before.Rpo != rpo || before.Health != health || last.Epoch != latest?.Epoch;
        // All times are refreshed in one write: with ten thousand machines, one each would be too many.
        bool IsDue(DateTimeOffset observed) => latest is null ? facts.Now - observed >= refreshInterval : refresh;
        return new()
        {
            ObservedGeneration = gathered.Entity.Metadata.Generation,
            Phase = phase,
            Host = IsElsewhere(facts.Vault) ? facts.Vault.FailoverHost : facts.Machine.Host ?? before?.Host,
            MachineId = IsElsewhere(facts.Vault) ? facts.Vault.FailoverMachineId : facts.Machine.MachineId ?? before?.MachineId,
            ProtectionId = gathered.Id?.ToString() ?? before?.ProtectionId,
            Epoch = facts.Vault.Epoch > 0 ? facts.Vault.Epoch : before?.Epoch,
            Progress = ProgressBuilder.Build(gathered, before?.Progress, refreshInterval),
            Resync = ProgressBuilder.Resync(gathered, before?.Resync),
            LastShipped = ReplicationStatusBuilder.Shipped(gathered, before?.LastShipped, IsDue),
            Schedule = ReplicationStatusBuilder.Schedule(gathered, before?.Schedule, IsDue),
            Backlog = ReplicationStatusBuilder.Backlog(gathered, before?.Backlog, IsDue),
            LastRecoveryPoint = refresh && gathered.Replica is { } replica ? Latest(replica) : before?.LastRecoveryPoint,
            RecoveryPoints = refresh && gathered.Replica is { } read ? Points(read) : before?.RecoveryPoints,
            Storage = (refresh || before?.Storage is null) && gathered.Replica is { } measured ? ReplicationStatusBuilder.Storage(measured) : before?.Storage,
            Rpo = rpo,
            Health = health,
            HealthReasons = decision.Health.Reasons,
            Disks = Disks(gathered) ?? before?.Disks ?? [],
            Conditions = ConditionSet.Build(before?.Conditions, decision.Conditions, gathered.Entity.Metadata.Generation, facts.Now),
        };
    }

    private static bool IsElsewhere(VaultFacts vault) => vault.Failover is FailoverState.FailedOver or FailoverState.Committed;

    private static LastRecoveryPoint? Latest(ReplicaSnapshot replica) =>
        replica.Applied?.LatestPoint is not { } point
            ? null
            : new()
            {
                Time = point.Instant,
                Epoch = point.Epoch,
                Sequence = point.Sequence,
                Consistency = Map(point.Consistency),
                ObservedTime = replica.ReadAt.WholeSeconds(),
            };

    private static RecoveryPointSummary? Points(ReplicaSnapshot replica) =>
        replica.Applied is not { PointCount: > 0 } applied
            ? null
            : new()
            {
                Count = applied.PointCount,
                OldestTime = applied.OldestPoint?.Instant,
                LatestAppConsistentTime = applied.LatestAppConsistentPoint?.Instant,
                Recent = [.. replica.Recent.Select(p => new RecoveryPointStatus { Time = p.Instant, Epoch = p.Epoch, Sequence = p.Sequence, Consistency = Map(p.Consistency) })],
            };

    private static IReadOnlyList<DiskStatus>? Disks(GatheredProtection gathered)
    {
        var disks = gathered.Status is { Disks.Count: > 0 } status ? status.Disks : gathered.Machine?.Disks;
        return disks is null
            ? null
            : [.. disks.Where(d => !gathered.Entity.Spec.ExcludeDisks.Contains(d.Target)).Take(MaxDisks)
                .Select(d => new DiskStatus { Name = d.Target, SizeBytes = d.SizeBytes, Format = d.Format.Length == 0 ? null : d.Format })];
    }

    private static PointConsistency Map(Consistency consistency) =>
        consistency == Consistency.AppConsistent ? PointConsistency.AppConsistent : PointConsistency.CrashConsistent;
}
