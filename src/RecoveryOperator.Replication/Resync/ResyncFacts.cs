namespace RecoveryOperator.Replication.Resync;

/// <summary>What a user said about resynchronizations.</summary>
public enum ResyncWish
{
    /// <summary>Go on.</summary>
    Run,

    /// <summary>Stay where it is.</summary>
    Pause,

    /// <summary>Give it up.</summary>
    Cancel,
}

/// <summary>What the decision to begin a resynchronization is made from.</summary>
public sealed record ResyncFacts
{
    /// <summary>Deltas cannot go on without one, or the replica is damaged.</summary>
    public bool Needed { get; init; }

    /// <summary>It never begins by itself.</summary>
    public bool ManualOnly { get; init; }

    /// <summary>The last one was canceled, and nobody asked for another.</summary>
    public bool Canceled { get; init; }

    /// <summary>What the user wants of one that runs.</summary>
    public ResyncWish Wish { get; init; }

    /// <summary>The token as it is wanted; empty: none.</summary>
    public string Token { get; init; } = "";

    /// <summary>The newest token that was taken up.</summary>
    public string TakenToken { get; init; } = "";
}

/// <summary>What to do about a resynchronization.</summary>
public enum ResyncDecision
{
    /// <summary>Nothing: none is needed and none was asked for.</summary>
    None,

    /// <summary>Begin: it is needed.</summary>
    Begin,

    /// <summary>Begin, at once: the user asked for it.</summary>
    BeginAsRequested,

    /// <summary>It is needed and waits for the user.</summary>
    Hold,
}
