namespace RecoveryOperator.Hypervisors;

/// <summary>What a snapshot is wanted for.</summary>
/// <param name="Owner">The protection's id: marks jobs, checkpoints and scratch files as its own.</param>
/// <param name="Since">Report changes since this checkpoint; null: all allocated areas.</param>
/// <param name="NewCheckpoint">Start tracking under this id at the instant of the snapshot; null: do not.</param>
/// <param name="ExcludedDisks">Targets (for example <c>vdb</c>) that are left out.</param>
public sealed record SnapshotRequest(
    string Owner,
    ChangeTrackingId? Since,
    ChangeTrackingId? NewCheckpoint,
    IReadOnlyCollection<string> ExcludedDisks);

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
