namespace RecoveryOperator.Replication.Retention;

/// <summary>Decides which recovery points are removed (docs/formats/vault-layout.md, "Retention").</summary>
public static class RetentionPlanner
{
    /// <summary>As the other one, with full density alone.</summary>
    public static IReadOnlyList<RetainedPoint> Plan(IReadOnlyCollection<RetainedPoint> points, int retentionHours) => Plan(points, new RetentionTerms(retentionHours));

    /// <summary>
    /// The points that nothing keeps any more. Ages are counted back from the newest point by the storage's clock (never from now: a
    /// replica that gets no sets loses no points). Always kept: the newest, the newest verified one, pinned ones, and the newest that is older than the time at full density. A newest point whose clock
    /// is in doubt removes nothing.
    /// </summary>
    /// <param name="points">All points, in any order.</param>
    /// <param name="terms">How long points are kept.</param>
    public static IReadOnlyList<RetainedPoint> Plan(IReadOnlyCollection<RetainedPoint> points, RetentionTerms terms)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(terms);
        if (points.Count == 0 || terms.FullDensityHours < 1)
            return [];

        List<RetainedPoint> newestFirst = [.. points.OrderByDescending(point => point.Epoch).ThenByDescending(point => point.Sequence)];
        RetainedPoint newest = newestFirst[0];
        if (newest.ClockSkew)
            return [];

        HashSet<RetainedPoint> kept = [newest, .. newestFirst.Where(point => point.Pinned)];
        if (newestFirst.Find(point => point.Verified) is { } newestVerified)
            kept.Add(newestVerified);
        TimeSpan fullDensity = TimeSpan.FromHours(terms.FullDensityHours);
        kept.UnionWith(newestFirst.Where(point => Age(point, newest) <= fullDensity));
        if (newestFirst.Find(point => Age(point, newest) > fullDensity) is { } before)
            kept.Add(before); // What stood when that time began.
        foreach (RetentionTier tier in RetentionTier.Of(terms))
            kept.UnionWith(newestFirst.DistinctBy(point => tier.PeriodOf(point.StoredAt)).Where(point => Age(point, newest) <= tier.Reach));
        return [.. newestFirst.Where(point => !kept.Contains(point))];
    }

    private static TimeSpan Age(RetainedPoint point, RetainedPoint newest) => newest.StoredAt - point.StoredAt;
}
