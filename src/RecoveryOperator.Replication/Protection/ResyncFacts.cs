namespace RecoveryOperator.Replication.Protection;

/// <summary>What a resynchronization does; the names are those of the API.</summary>
public enum ResyncStage
{
    /// <summary>The agent does not say.</summary>
    Unknown,

    /// <summary>Waits for the replica's checksums.</summary>
    WaitingForVault,

    /// <summary>Waits for the policy's window.</summary>
    WaitingForWindow,

    /// <summary>Waits for somebody: not automatic, paused or canceled.</summary>
    WaitingForUser,

    /// <summary>Compares, and ships what differs.</summary>
    Comparing,

    /// <summary>Makes the set that completes it.</summary>
    Finishing,
}

/// <summary>Why source and replica are compared, and what it costs.</summary>
/// <param name="Reason">Stable CamelCase code.</param>
/// <param name="Message">For people.</param>
/// <param name="Stage">What it does.</param>
public sealed record ResyncFacts(string Reason, string Message, ResyncStage Stage)
{
    /// <summary>When the window opens that it waits for; null when it waits for none.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>Bytes to ship, before compression; 0 while not estimated.</summary>
    public long EstimatedBytes { get; init; }

    /// <summary>Disk bytes to compare; 0 while not known.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Disk bytes compared.</summary>
    public long ComparedBytes { get; init; }

    /// <summary>It runs now.</summary>
    public bool Runs => Stage is ResyncStage.Comparing or ResyncStage.Finishing;
}
