using RecoveryOperator.Hypervisors;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>When a cut asks for a quiesced guest, and what is said of it afterwards (docs/engine.md, "App-consistent points").</summary>
internal static class Quiescing
{
    /// <summary>What Windows' writers allow for freeze and thaw together.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Due times are a little uneven: a cycle that begins so much too early is still this interval's.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>Whether the next cut asks for it.</summary>
    /// <param name="interval">The policy's interval; null or zero: crash-consistent points only.</param>
    /// <param name="before">The newest try; null: none.</param>
    /// <param name="now">The host's time.</param>
    public static bool IsDue(TimeSpan? interval, AppConsistency? before, DateTimeOffset now) =>
        interval > TimeSpan.Zero && (before is null || now - before.TriedAt >= interval - Tolerance || now < before.TriedAt);

    /// <summary>Where it is after a finished cut.</summary>
    public static AppConsistency? After(AppConsistency? before, bool wasAsked, IMachineSnapshot snapshot) =>
        wasAsked ? new(snapshot.Instant, before?.CommittedInstant, ReasonOf(snapshot.Consistency)) : before;

    /// <summary>Where it is after a commit.</summary>
    public static AppConsistency? After(AppConsistency? before, SetManifest committed) =>
        committed.Consistency == Consistency.AppConsistent
            ? new(before?.TriedAt ?? committed.Instant, committed.Instant, before?.Problem)
            : before;

    /// <summary>What a snapshot is: app-consistent only when the guest was frozen, and thawed in time (P6).</summary>
    public static Consistency ConsistencyOf(SnapshotConsistency consistency) =>
        consistency.IsAppConsistent || (consistency.Reason is not null && !Guards.Hold(Guard.ThawedInTime)) ? Consistency.AppConsistent : Consistency.CrashConsistent;

    /// <summary>As it stands in manifests; null where nothing went wrong.</summary>
    public static string? ReasonOf(SnapshotConsistency consistency) =>
        consistency.Reason is null ? null : $"{consistency.Reason}: {consistency.Message}";
}
