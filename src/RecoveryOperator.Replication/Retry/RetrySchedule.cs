namespace RecoveryOperator.Replication.Retry;

/// <summary>When a failed cycle is tried again: after 1, 2, 4, 8 and 10 minutes, then every 30.</summary>
public static class RetrySchedule
{
    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan[] First =
        [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(8), TimeSpan.FromMinutes(10)];

    /// <summary>The wait before the next try.</summary>
    /// <param name="failures">Cycles that failed one after the other, from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public static TimeSpan DelayAfter(int failures)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        return failures <= First.Length ? First[failures - 1] : Steady;
    }
}
