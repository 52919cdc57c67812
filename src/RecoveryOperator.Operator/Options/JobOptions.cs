namespace RecoveryOperator.Operator.Options;

/// <summary>How jobs are shown and kept; section <c>Operator:Jobs</c>.</summary>
public sealed record JobOptions
{
    /// <summary>What new jobs get as <c>ttlSecondsAfterFinished</c>; 0 to 365 days, 7 days unless set.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How many ended jobs of one subject are kept, the newest; 1 to 1,000, 20 unless set.</summary>
    public int HistoryPerSubject { get; init; } = 20;

    /// <summary>How often messages and bytes of one job are written at most; 1 s to 1 h, 15 s unless set. Changes of state are written at once.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Every fault of the settings; empty when there is none.</summary>
    public IEnumerable<string> Faults()
    {
        if (TimeToLive < TimeSpan.Zero || TimeToLive > TimeSpan.FromDays(365))
            yield return $"Jobs:TimeToLive is {TimeToLive}, it must be {TimeSpan.Zero} to {TimeSpan.FromDays(365)}";
        if (HistoryPerSubject is < 1 or > 1000)
            yield return $"Jobs:HistoryPerSubject is {HistoryPerSubject}, it must be 1 to 1000";
        if (ProgressInterval < TimeSpan.FromSeconds(1) || ProgressInterval > TimeSpan.FromHours(1))
            yield return $"Jobs:ProgressInterval is {ProgressInterval}, it must be {TimeSpan.FromSeconds(1)} to {TimeSpan.FromHours(1)}";
    }
}
