namespace RecoveryOperator.Hypervisors;

/// <summary>What a snapshot is wanted for.</summary>
/// <param name="Owner">The protection's id: marks jobs, checkpoints and scratch files as its own.</param>
/// <param name="Since">Report changes since this checkpoint; null: all allocated areas.</param>
/// <param name="NewCheckpoint">Start tracking under this id at the instant of the snapshot; null: do not.</param>
/// <param name="ExcludedDisks">Targets (for example <c>vdb</c>) that are left out.</param>
/// <param name="QuiesceWithin">
/// Quiesce the guest for the instant, for at most so long; null: do not. One that cannot be quiesced is no error:
/// <see cref="IMachineSnapshot.Consistency"/> says so.
/// </param>
public sealed record SnapshotRequest(
    string Owner,
    ChangeTrackingId? Since,
    ChangeTrackingId? NewCheckpoint,
    IReadOnlyCollection<string> ExcludedDisks,
    TimeSpan? QuiesceWithin = null)
{
    /// <summary>
    /// Targets of disks whose changes since <see cref="Since"/> are not known, or not wanted: all their allocated areas are reported. No checkpoint of
    /// theirs is needed.
    /// </summary>
    public IReadOnlyCollection<string> WholeDisks { get; init; } = [];

    /// <summary>
    /// Only what <see cref="ISnapshotDisk.ExtentsAsync"/> reports will be read. Where nothing changed, a driver may then give a snapshot that cannot be read,
    /// without a job of the hypervisor (docs/engine.md, "A machine at rest"). Default false.
    /// </summary>
    public bool ReadsChangesOnly { get; init; }
}

/// <summary>Of what kind a snapshot's instant is (P6).</summary>
/// <param name="IsAppConsistent">The guest was quiesced, and thawed in time.</param>
/// <param name="Reason">Why not, although it was asked for: stable CamelCase code (<see cref="QuiesceReasons"/>); null otherwise.</param>
/// <param name="Message">The same for a person; null otherwise.</param>
public sealed record SnapshotConsistency(bool IsAppConsistent, string? Reason, string? Message)
{
    /// <summary>As after a power failure; nothing else was asked for.</summary>
    public static readonly SnapshotConsistency Crash = new(false, null, null);

    /// <summary>Quiesced, and thawed in time.</summary>
    public static readonly SnapshotConsistency App = new(true, null, null);
}

/// <summary>Why a guest was not quiesced, or not in time.</summary>
public static class QuiesceReasons
{
    /// <summary>No agent runs in the guest, or its channel is not defined.</summary>
    public const string GuestAgentNotConnected = nameof(GuestAgentNotConnected);

    /// <summary>The agent did not answer in time.</summary>
    public const string FreezeTimedOut = nameof(FreezeTimedOut);

    /// <summary>The agent refused, or had nothing that it could freeze.</summary>
    public const string FreezeRefused = nameof(FreezeRefused);

    /// <summary>The thaw was not confirmed in time.</summary>
    public const string ThawFailed = nameof(ThawFailed);

    /// <summary>The machine is off or paused.</summary>
    public const string MachineNotRunning = nameof(MachineNotRunning);

    /// <summary>The driver cannot quiesce its guests.</summary>
    public const string QuiesceUnsupported = nameof(QuiesceUnsupported);
}

/// <summary>
/// Names an instant from which changes are known: a libvirt checkpoint, a Hyper-V resilient change tracking id with its reference point, or a
/// checksum table of the Images driver. Opaque outside the driver; at most 128 characters of <c>[A-Za-z0-9._:-]</c>.
/// </summary>
/// <param name="Value">The id.</param>
public readonly record struct ChangeTrackingId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>What <see cref="IHypervisor.CleanUpAsync"/> found and ended.</summary>
/// <param name="JobsEnded">Jobs of ours that were still open.</param>
/// <param name="ScratchFilesRemoved">Scratch files removed.</param>
/// <param name="GuestResumed">True when a guest that our job had paused was resumed.</param>
/// <param name="Guarded">What a guard had to do since the last clean-up; null: nothing.</param>
public sealed record LeftoverReport(int JobsEnded, int ScratchFilesRemoved, bool GuestResumed, GuardIntervention? Guarded = null);

/// <summary>A guard ended a snapshot in place of the agent.</summary>
/// <param name="At">When, by the host's clock.</param>
/// <param name="Why">Why it had to, to follow "because".</param>
/// <param name="GuestResumed">True when the guest had been paused by then.</param>
public sealed record GuardIntervention(DateTimeOffset At, string Why, bool GuestResumed);
