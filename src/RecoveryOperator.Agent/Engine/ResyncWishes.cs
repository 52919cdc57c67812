using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Resync;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Agent.Engine;

/// <summary>What is wanted of resynchronizations, from a protection's terms and progress.</summary>
internal static class ResyncWishes
{
    /// <summary>Whether to begin one.</summary>
    public static ResyncDecision Decide(ProtectionContext context) => ResyncPlanner.Decide(new ResyncFacts
    {
        Needed = context.Progress.Phase == EnginePhase.ResyncRequired,
        ManualOnly = context.Desired.Resync?.ManualOnly ?? false,
        Canceled = context.Progress.ResyncCanceled,
        Wish = WishOf(context.Desired),
        Token = TokenOf(context.Desired),
        TakenToken = context.Progress.ResyncToken,
    });

    /// <summary>What is wanted of one that runs.</summary>
    public static ResyncWish WishOf(DesiredProtection desired) => desired.Resync?.Action switch
    {
        ResyncAction.Cancel => ResyncWish.Cancel,
        ResyncAction.Pause => ResyncWish.Pause,
        _ => desired.Paused ? ResyncWish.Pause : ResyncWish.Run,
    };

    /// <summary>One runs that is not wanted any more: it is called off also while the protection is paused.</summary>
    public static bool CancelIsDue(ProtectionContext context) =>
        context.Progress.Phase == EnginePhase.Resynchronizing && WishOf(context.Desired) == ResyncWish.Cancel;

    /// <summary>The token; empty: none.</summary>
    public static string TokenOf(DesiredProtection desired) => desired.Resync?.Token ?? "";

    /// <summary>Whether comparing and shipping may run now, and when that changes by itself.</summary>
    public static WindowState MayRun(ProtectionContext context)
    {
        ResyncState state = context.Progress.Resync!;
        bool atOnce = ResyncPlanner.IsAtOnce(state.Requested, state.EstimatedBytes ?? 0, state.MachineBytes);
        return ResyncPlanner.MayRun(atOnce, WishOf(context.Desired), WindowOf(context.Desired), context.Services.Time.GetUtcNow());
    }

    private static WindowSchedule WindowOf(DesiredProtection desired)
    {
        Protocol.DailyWindow? wanted = desired.Resync?.Window;
        Replication.Schedule.DailyWindow window = wanted is null
            ? Replication.Schedule.DailyWindow.Night
            : new Replication.Schedule.DailyWindow(wanted.StartMinute, wanted.EndMinute);

        // An unknown zone is refused when the protection is put; a host that lost its zone files meanwhile still replicates.
        return new WindowSchedule(window, TimeZones.TryFind(desired.TimeZone, out TimeZoneInfo? zone) ? zone : TimeZoneInfo.Utc);
    }
}
