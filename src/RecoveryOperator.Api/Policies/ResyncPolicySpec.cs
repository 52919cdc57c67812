namespace RecoveryOperator.Api.Policies;

/// <summary>When source and replica are compared by their checksums.</summary>
public sealed record ResyncPolicySpec
{
    /// <summary>It begins by itself; false: only when a ProtectedVM's <c>spec.resync</c> asks for it.</summary>
    public bool Automatic { get; init; } = true;

    /// <summary>When a large one that nobody asked for may run; absent: 18:30 to 06:00.</summary>
    public DailyWindowSpec? Window { get; init; }

    /// <summary>Changes that wait, in percent of the machine's disks, at which one is needed: 1 to 100.</summary>
    public int ThresholdPercent { get; init; } = 50;
}

/// <summary>A part of the day in the site's time zone.</summary>
public sealed record DailyWindowSpec
{
    /// <summary>When it begins, <c>HH:MM</c>.</summary>
    public string Start { get; init; } = "18:30";

    /// <summary>When it ends; before <see cref="Start"/>: on the next day; the same: all day.</summary>
    public string End { get; init; } = "06:00";
}
