using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Replica;

/// <summary>Why an applier stopped.</summary>
public enum ApplyOutcome
{
    /// <summary>All committed sets are applied.</summary>
    UpToDate,

    /// <summary>As many sets as asked for are applied; there may be more.</summary>
    More,

    /// <summary>The epoch's seal is reached: all before it is applied.</summary>
    Sealed,

    /// <summary>Another applier works on this replica.</summary>
    LeaseHeld,

    /// <summary>The lease was lost on the way; nothing was written after that.</summary>
    LeaseLost,

    /// <summary>A committed set is damaged; the points before it stay. Only a set that completes a resynchronization goes on.</summary>
    Damaged,
}

/// <summary>What an applier did.</summary>
/// <param name="Outcome">Why it stopped.</param>
/// <param name="Applied">How far the replica is; null when another applier holds it.</param>
/// <param name="SetsApplied">Sets applied by this call.</param>
public sealed record ApplyResult(ApplyOutcome Outcome, AppliedDocument? Applied, int SetsApplied);

/// <summary>What an applier is doing.</summary>
public enum ApplyStage
{
    /// <summary>Writing a set to the disks.</summary>
    Apply,

    /// <summary>Making a recovery point.</summary>
    Snapshot,

    /// <summary>Removing old points.</summary>
    Prune,

    /// <summary>Rolling the replica back to a point.</summary>
    RollBack,

    /// <summary>Computing checksums anew for a resynchronization.</summary>
    Compute,
}

/// <summary>How far an applier is within a set.</summary>
/// <param name="Stage">What it does.</param>
/// <param name="Epoch">Epoch of the set.</param>
/// <param name="Sequence">Sequence of the set.</param>
/// <param name="DoneBytes">Bytes of change logs applied; of disk, when rolling back or computing.</param>
/// <param name="TotalBytes">Bytes of change logs of the set; of disk, when rolling back or computing.</param>
public sealed record ApplyProgress(ApplyStage Stage, long Epoch, long Sequence, long DoneBytes, long TotalBytes);
