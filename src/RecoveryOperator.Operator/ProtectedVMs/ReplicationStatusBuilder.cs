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
    public static LastShippedSet? Shipped(GatheredProtection gathered, LastShippedSet? before, Func<DateTimeOffset, bool> isDue)
    {
        if (gathered is not { Facts.Agent: { Knowledge: AgentKnowledge.Reports, CommittedSequence: > 0 and var sequence, CommittedInstant: { } instant, Epoch: var epoch } })
            return null;
        var isKept = before is not null && before.Epoch == epoch && !isDue(before.ObservedTime);
        return isKept ? before : new() { Time = instant, Epoch = epoch, Sequence = sequence, ObservedTime = gathered.Facts.Now.WholeSeconds() };
    }

    /// <summary>When the host goes on. While a cycle runs there may be no next one: what was told stays until it is due.</summary>
    public static CycleSchedule? Schedule(GatheredProtection gathered, CycleSchedule? before, Func<DateTimeOffset, bool> isDue)
    {
        if (Said(gathered) is not { } status)
            return null;
        var isKept = before is not null && before.RetryTime.HasValue == (status.RetryAt is not null) && (before.NextCycleTime.HasValue || status.NextCycle is null)
            && !isDue(before.ObservedTime);
        if (isKept || status is { NextCycle: null, RetryAt: null })
            return isKept ? before : null;
        return new()
        {
            NextCycleTime = status.NextCycle?.ToDateTimeOffset().WholeSeconds(),
            RetryTime = status.RetryAt?.ToDateTimeOffset().WholeSeconds(),
            ObservedTime = gathered.Facts.Now.WholeSeconds(),
        };
    }

    /// <summary>What waits to be shipped. It begins with <see cref="HostConnection.BacklogSets"/> sets and ends with one, so that it does not come and go with each cycle.</summary>
    public static ReplicationBacklog? Backlog(GatheredProtection gathered, ReplicationBacklog? before, Func<DateTimeOffset, bool> isDue)
    {
        if (Said(gathered) is not { } status || status.CutsWaiting < (before is null ? HostConnection.BacklogSets : 2))
            return null;
        var (now, bytes, pace) = (gathered.Facts.Now, ProgressBuilder.WholeMebibytes(status.PendingBytes), gathered.Pace.ShipBytesPerSecond);
        var isKept = before is not null && Math.Abs(bytes - before.Bytes) * 4 <= before.Bytes && ProgressBuilder.IsStanding(before.BytesPerSecond) == ProgressBuilder.IsStanding(pace)
            && !isDue(before.ObservedTime);
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
}
