using RecoveryOperator.Api.Jobs;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>What is to be cleaned up when an ended job is looked at.</summary>
/// <param name="Gone">Jobs to delete, oldest first.</param>
/// <param name="LookAgainAfter">When the job itself is due at the latest; null when it never is, or goes now.</param>
internal sealed record JobCleaning(IReadOnlyList<RecoveryJob> Gone, TimeSpan? LookAgainAfter);

/// <summary>Which ended jobs are kept: by their time to live, and the newest of each subject. Pure.</summary>
internal static class JobRetention
{
    /// <summary>A clock that was set is noticed after this time.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <param name="job">An ended job.</param>
    /// <param name="siblings">All jobs of its subject.</param>
    /// <param name="history">How many ended ones are kept.</param>
    /// <param name="now">The operator's clock.</param>
    public static JobCleaning Decide(RecoveryJob job, IReadOnlyList<RecoveryJob> siblings, int history, DateTimeOffset now)
    {
        var surplus = siblings.Where(s => s.Status.HasEnded())
            .OrderByDescending(s => s.Status!.FinishedAt).ThenByDescending(s => s.Metadata.Name, StringComparer.Ordinal)
            .Skip(history).Reverse().ToList();
        if (surplus.Exists(s => s.Metadata.Name == job.Metadata.Name))
            return new(surplus, null);
        if (job.Spec.TtlSecondsAfterFinished is not { } seconds)
            return new(surplus, null);
        var age = job.Status!.FinishedAt is { } end && end < now ? now - end : TimeSpan.Zero;
        var left = TimeSpan.FromSeconds(seconds) - age;
        return left <= TimeSpan.Zero ? new([.. surplus, job], null) : new(surplus, left < LongestWait ? left : LongestWait);
    }
}
