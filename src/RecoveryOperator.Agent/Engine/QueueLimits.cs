using RecoveryOperator.Agent.State;

namespace RecoveryOperator.Agent.Engine;

/// <summary>How much may wait for a vault that is away, before cutting stops (tracking goes on, and one merged cut follows).</summary>
internal static class QueueLimits
{
    /// <summary>Each cut that waits keeps a checkpoint on the host, which costs every guest write a little.</summary>
    public const int MaxCuts = 96;

    private const int DefaultPercent = 50;

    /// <summary>Whether another cut may be made.</summary>
    public static bool Allow(ProtectionContext context)
    {
        WaitingCuts queue = context.Store.LoadQueue(context.Id);
        return queue.Count < MaxCuts && UtilizationOf(context, queue) < 1;
    }

    /// <summary>Bytes that wait over those at which cutting stops: a part of the machine's size.</summary>
    public static double UtilizationOf(ProtectionContext context, WaitingCuts queue)
    {
        long machineBytes = context.Progress.Last?.Disks.Sum(disk => disk.SizeBytes) ?? 0;
        int percent = context.Desired.Resync?.ThresholdPercent is { } wanted and > 0 ? wanted : DefaultPercent;
        return machineBytes == 0 ? 0 : queue.LengthBytes / (machineBytes * (percent / 100.0));
    }
}
