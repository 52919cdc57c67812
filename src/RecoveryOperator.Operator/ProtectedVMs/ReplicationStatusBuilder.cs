using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// What a host's agent says of shipping: shown as of a time, kept until that is due again or something turned that a person would notice, and gone while the
/// agent is silent. Pure.
/// </summary>
internal static class ReplicationStatusBuilder
{
    /// <summary>The newest set that the host has committed.</summary>
    public static LastShippedSet? Shipped(GatheredProtection gathered, LastShippedSet? before, bool edge, TimeSpan refreshInterval)
    {
        if (gathered is not { Facts.Agent: { Knowledge: AgentKnowledge.Reports, CommittedSequence: > 0 and var sequence, CommittedInstant: { } instant, Epoch: var epoch } })
            return null;
        var isKept = before is not null && before.Epoch == epoch && (before.Sequence == sequence || !edge) && !IsDue(gathered, before.ObservedTime, refreshInterval);
        return isKept ? before : new() { Time = instant, Epoch = epoch, Sequence = sequence, ObservedTime = gathered.Facts.Now.WholeSeconds() };
    }

    /// <summary>When the host goes on.</summary>
    public static CycleSchedule? Schedule(GatheredProtection gathered, CycleSchedule? before, TimeSpan refreshInterval)
    {
        if (Said(gathered) is not { } status || status is { NextCycle: null, RetryAt: null })
            return null;
        var isKept = before is not null && before.RetryTime.HasValue == (status.RetryAt is not null) && before.NextCycleTime.HasValue == (status.NextCycle is not null)
            && !IsDue(gathered, before.ObservedTime, refreshInterval);
        return isKept ? before : new()
        {
            NextCycleTime = status.NextCycle?.ToDateTimeOffset().WholeSeconds(),
            RetryTime = status.RetryAt?.ToDateTimeOffset().WholeSeconds(),
            ObservedTime = gathered.Facts.Now.WholeSeconds(),
        };
    }

    /// <summary>What waits to be shipped. It begins with <see cref="HostConnection.BacklogSets"/> sets and ends with one, so that it does not come and go with each cycle.</summary>
    public static ReplicationBacklog? Backlog(GatheredProtection gathered, ReplicationBacklog? before, TimeSpan refreshInterval)
    {
        if (Said(gathered) is not { } status || status.CutsWaiting < (before is null ? HostConnection.BacklogSets : 2))
            return null;
        var (now, bytes, pace) = (gathered.Facts.Now, ProgressBuilder.WholeMebibytes(status.PendingBytes), gathered.Pace.ShipBytesPerSecond);
        var isKept = before is not null && Math.Abs(bytes - before.Bytes) * 4 < before.Bytes && ProgressBuilder.IsStanding(before.BytesPerSecond) == ProgressBuilder.IsStanding(pace)
            && !IsDue(gathered, before.ObservedTime, refreshInterval);
        return isKept ? before : new()
        {
            Sets = status.CutsWaiting,
            Bytes = bytes,
            BytesPerSecond = pace,
            EstimatedEndTime = ProgressBuilder.EndOf(status.PendingBytes, pace, now),
            ObservedTime = now.WholeSeconds(),
        };
    }

    /// <summary>What the replica takes, as the vault agent measured it.</summary>
    public static ReplicaStorage? Storage(ReplicaSnapshot replica) => replica.Applied is not { StorageMeasuredAt: { } at } applied ? null : new()
    {
        DiskBytes = applied.ReplicaAllocatedBytes ?? 0,
        SnapshotBytesAtMost = applied.SnapshotBytesAtMost ?? 0,
        LogBytes = applied.LogBytes ?? 0,
        MeasuredTime = at.WholeSeconds(),
    };

    private static ProtectionStatus? Said(GatheredProtection gathered) => gathered.Facts.Agent.Knowledge == AgentKnowledge.Reports ? gathered.Status : null;

    private static bool IsDue(GatheredProtection gathered, DateTimeOffset observed, TimeSpan refreshInterval) => gathered.Facts.Now - observed >= refreshInterval;
}
