namespace RecoveryOperator.Replication.Retention;

/// <summary>Decides which recovery points are removed.</summary>
public static class RetentionPlanner
{
    /// <summary>
    /// The points that are older than the retention, counted back from the newest point by the storage's clock (never from now: a
    /// replica that gets no sets loses no points). Always kept: the newest, the newest verified one, and pinned ones. A newest point whose clock
    /// is in doubt removes nothing.
    /// </summary>
    /// <param name="points">All points, in any order.</param>
    /// <param name="retentionHours">Hours kept, at least 1; below that nothing is removed.</param>
    public static IReadOnlyList<RetainedPoint> Plan(IReadOnlyCollection<RetainedPoint> points, int retentionHours)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Count == 0 || retentionHours < 1)
            return [];

        List<RetainedPoint> newestFirst = [.. points.OrderByDescending(point => point.Epoch).ThenByDescending(point => point.Sequence)];
        RetainedPoint newest = newestFirst[0];
        if (newest.ClockSkew)
            return [];

        RetainedPoint? newestVerified = newestFirst.Find(point => point.Verified);
        DateTimeOffset limit = newest.StoredAt.AddHours(-retentionHours);
        return [.. newestFirst.Where(point => point.StoredAt < limit && !point.Pinned && point != newest && point != newestVerified)];
    }
}
