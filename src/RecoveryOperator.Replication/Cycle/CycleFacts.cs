namespace RecoveryOperator.Replication.Cycle;

/// <summary>What the decision on a protection's next cycle is made from.</summary>
public sealed record CycleFacts
{
    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>When the next cycle is due.</summary>
    public required DateTimeOffset NextDue { get; init; }

    /// <summary>The user paused the protection.</summary>
    public bool Paused { get; init; }

    /// <summary>A seal or a higher epoch ended this source, or a resynchronization is needed: no cycle can help.</summary>
    public bool Ended { get; init; }

    /// <summary>The initial copy is not complete, or a resynchronization runs: there is no reason to wait for a due time.</summary>
    public bool InitialIncomplete { get; init; }

    /// <summary>The last cycle did what could be done, made no set, and said when to look again.</summary>
    public bool Resting { get; init; }

    /// <summary>When to look again; null: when something changes.</summary>
    public DateTimeOffset? RestUntil { get; init; }

    /// <summary>A cut, or a fresh try, was asked for since the last cycle.</summary>
    public bool Requested { get; init; }

    /// <summary>The last cycle failed.</summary>
    public bool Failed { get; init; }

    /// <summary>When a failed cycle is tried again; null: not by itself.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>What to do.</summary>
/// <param name="RunNow">Run a cycle now.</param>
/// <param name="WakeAt">Otherwise look again then; null: only when something changes.</param>
public sealed record CycleDecision(bool RunNow, DateTimeOffset? WakeAt)
{
    /// <summary>Run.</summary>
    public static CycleDecision Run { get; } = new(true, null);

    /// <summary>Nothing until something changes.</summary>
    public static CycleDecision Rest { get; } = new(false, null);
}
