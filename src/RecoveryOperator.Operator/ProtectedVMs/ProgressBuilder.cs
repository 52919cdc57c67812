using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Replication.Protection;
using ResyncStage = RecoveryOperator.Api.ProtectedVMs.ResyncStage;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>How far a full copy or a resynchronization is, in steps of a percent; the exact figures are in the metrics.</summary>
internal static class ProgressBuilder
{
    private const long Mebibyte = 1L << 20;

    /// <summary>Progress; a silent agent's last word stays while the first copy is not complete.</summary>
    public static CopyProgressStatus? Build(GatheredProtection gathered, CopyProgressStatus? before) => gathered switch
    {
        { Facts.Agent: { Knowledge: AgentKnowledge.Reports, Phase: AgentPhase.InitialReplication }, Status.Initial: { } copy } =>
            Show(before, new() { Percent = Percent(copy.BytesDone, copy.BytesTotal), BytesDone = copy.BytesDone, BytesTotal = copy.BytesTotal, Disk = copy.Disk, Disks = copy.Disks }),
        { Facts.Agent: { NeedsResync: true, Resync: { Runs: true, TotalBytes: > 0 } resync } } =>
            Show(before, new() { Percent = Percent(resync.ComparedBytes, resync.TotalBytes), BytesDone = resync.ComparedBytes, BytesTotal = resync.TotalBytes, Disk = 0, Disks = gathered.Status!.Disks.Count }),
        { Facts: { Agent.Knowledge: AgentKnowledge.Unknown, Vault.LatestPoint: null } } => before,
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

    private static CopyProgressStatus Show(CopyProgressStatus? before, CopyProgressStatus now) =>
        before is not null && before.Percent == now.Percent && before.Disk == now.Disk && before.BytesTotal == now.BytesTotal ? before : now;

    private static int Percent(long done, long total) => total <= 0 ? 0 : (int)Math.Clamp(done * 100 / total, 0, 100);

    private static long? Rounded(long lengthBytes) => lengthBytes > 0 ? (lengthBytes + Mebibyte - 1) / Mebibyte * Mebibyte : null;
}
