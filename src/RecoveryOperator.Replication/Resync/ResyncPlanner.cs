using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Resync;

/// <summary>Decides when a resynchronization begins, and when its copying may run.</summary>
public static class ResyncPlanner
{
    /// <summary>Percent of a machine's size below which nobody needs to be spared by waiting for a window.</summary>
    public const int SmallPercent = 10;

    /// <summary>Whether to begin one.</summary>
    public static ResyncDecision Decide(ResyncFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        bool asked = facts.Token.Length > 0 && facts.Token != facts.TakenToken;
        if (facts.Wish == ResyncWish.Run && asked)
            return ResyncDecision.BeginAsRequested;
        if (!facts.Needed)
            return ResyncDecision.None;

        return facts.Wish != ResyncWish.Run || facts.ManualOnly || facts.Canceled ? ResyncDecision.Hold : ResyncDecision.Begin;
    }

    /// <summary>Whether it need not wait for the window.</summary>
    /// <param name="requested">The user asked for it.</param>
    /// <param name="estimatedBytes">Bytes that it is expected to ship.</param>
    /// <param name="machineBytes">Size of the machine's disks.</param>
    public static bool IsAtOnce(bool requested, long estimatedBytes, long machineBytes) =>
        requested || (UInt128)(ulong)estimatedBytes * 100 < (UInt128)(ulong)machineBytes * SmallPercent;

    /// <summary>Whether copying may run now, and when that changes by itself.</summary>
    /// <param name="atOnce">It need not wait for the window.</param>
    /// <param name="wish">What the user wants.</param>
    /// <param name="window">When a large one may run.</param>
    /// <param name="now">The time.</param>
    public static WindowState MayRun(bool atOnce, ResyncWish wish, WindowSchedule window, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(window);
        if (wish != ResyncWish.Run)
            return new WindowState(false, null);

        return atOnce ? new WindowState(true, null) : window.At(now);
    }
}
