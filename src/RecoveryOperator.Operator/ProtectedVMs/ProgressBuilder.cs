using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;
using DiskCopyProgress = RecoveryOperator.Api.ProtectedVMs.DiskCopyProgress;
using ResyncStage = RecoveryOperator.Api.ProtectedVMs.ResyncStage;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>How far a full copy or a resynchronization is, in steps of a percent; the exact figures are in the metrics. Pure.</summary>
internal static class ProgressBuilder
{
    private const long Mebibyte = 1L << 20;
    private const int MaxDisks = 64;

    /// <summary>Progress. While the agent is silent and the first copy is not complete, its last word stays, with its time, and without a pace that nobody can vouch for.</summary>
    public static CopyProgressStatus? Build(GatheredProtection gathered, CopyProgressStatus? before, TimeSpan refreshInterval) => gathered switch
    {
        { Facts.Agent: { Knowledge: AgentKnowledge.Reports, Phase: AgentPhase.InitialReplication }, Status.Initial: { } copy } =>
            Show(gathered, before, new() { Percent = Percent(copy.BytesDone, copy.BytesTotal), BytesDone = copy.BytesDone, BytesTotal = copy.BytesTotal, Disk = copy.Disk, Disks = copy.Disks, ByDisk = ByDisk(copy) }, refreshInterval),
        { Facts.Agent: { NeedsResync: true, Resync: { Runs: true, TotalBytes: > 0 } resync } } =>
            Show(gathered, before, new() { Percent = Percent(resync.ComparedBytes, resync.TotalBytes), BytesDone = resync.ComparedBytes, BytesTotal = resync.TotalBytes, Disk = 0, Disks = gathered.Status!.Disks.Count }, refreshInterval),
        { Facts: { Agent.Knowledge: AgentKnowledge.Unknown, Vault.LatestPoint: null } } => before is { BytesPerSecond: not null } or { EstimatedEndTime: not null }
            ? before with { BytesPerSecond = null, EstimatedEndTime = null }
            : before,
        _ => null,
    };

    /// <summary>Bytes of the copy that runs; null when none does.</summary>
    public static long? CopiedBytes(ProtectionStatus? status) => status switch
    {
        { Phase: Protocol.ProtectionPhase.InitialReplication, Initial: { } copy } => copy.BytesDone,
        { Phase: Protocol.ProtectionPhase.Resynchronizing, Resync: { } resync } => resync.ComparedBytes,
        _ => null,
    };

    /// <summary>The resynchronization; nothing where the agent is silent.</summary>
    public static ProtectedVMResyncStatus? Resync(GatheredProtection gathered, ProtectedVMResyncStatus? before)
    {
        if (gathered.Facts.Agent is not { NeedsResync: true, Resync: { } resync })
            return null;
        ProtectedVMResyncStatus now = new()
        {
            Reason = resync.Reason,
            Stage = Enum.Parse<ResyncStage>(resync.Stage.ToString()),
            EstimatedBytes = Rounded(resync.EstimatedBytes),
            TotalBytes = resync.TotalBytes > 0 ? resync.TotalBytes : null,
            StartsAt = resync.StartsAt,
            Token = gathered.Status?.Resync?.Token is { Length: > 0 } token ? token : null,
        };
        return now == before ? before : now;
    }

    /// <summary>When so many bytes will have moved, in whole seconds; null while nothing moves or the pace is not known.</summary>
    public static DateTimeOffset? EndOf(long leftBytes, long? bytesPerSecond, DateTimeOffset now) =>
        bytesPerSecond is > 0 and var pace && (double)leftBytes / pace is < 1e9 and var seconds ? now.AddSeconds(Math.Ceiling(seconds)).WholeSeconds() : null;

    /// <summary>Nothing moves, as far as is known.</summary>
    public static bool IsStanding(long? bytesPerSecond) => bytesPerSecond is null or 0;

    /// <summary>Bytes in whole MiB, rounded up.</summary>
    public static long WholeMebibytes(long lengthBytes) => (lengthBytes + Mebibyte - 1) / Mebibyte * Mebibyte;

    /// <summary>As it was, unless a percent or a disk was passed, it began to move or to stand still, or its time has come.</summary>
    private static CopyProgressStatus Show(GatheredProtection gathered, CopyProgressStatus? before, CopyProgressStatus now, TimeSpan refreshInterval)
    {
        var (at, pace) = (gathered.Facts.Now, gathered.Pace.CopyBytesPerSecond);
        if (before is not null && before.Percent == now.Percent && before.Disk == now.Disk && before.BytesTotal == now.BytesTotal
            && IsStanding(before.BytesPerSecond) == IsStanding(pace) && at - before.ObservedTime < refreshInterval)
            return before;
        return now with { BytesPerSecond = pace, EstimatedEndTime = EndOf(now.BytesTotal - now.BytesDone, pace, at), ObservedTime = at.WholeSeconds() };
    }

    private static IReadOnlyList<DiskCopyProgress> ByDisk(CopyProgress copy) =>
        [.. copy.ByDisk.Take(MaxDisks).Select(d => new DiskCopyProgress { Name = d.Target.Cut(64), Percent = d.BytesTotal == 0 ? 100 : Percent(d.BytesDone, d.BytesTotal), BytesDone = d.BytesDone, BytesTotal = d.BytesTotal })];

    private static int Percent(long done, long total) => total <= 0 ? 0 : (int)Math.Clamp(done * 100 / total, 0, 100);

    private static long? Rounded(long lengthBytes) => lengthBytes > 0 ? WholeMebibytes(lengthBytes) : null;
}
