using System.Globalization;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>A request for a recovery point: <c>Latest</c>, <c>LatestProcessed</c>, <c>LatestAppConsistent</c> or a time.</summary>
/// <param name="Request">As the user wrote it.</param>
internal sealed record PointChoice(string Request)
{
    public const string Latest = "Latest";
    private const string LatestAppConsistent = "LatestAppConsistent";

    /// <summary>What was shipped must be applied before the choice.</summary>
    public bool NeedsEverythingApplied => Request == Latest;

    /// <summary>The point among those that are listed now; null when none fits.</summary>
    public async Task<PointSummary?> FindAsync(PlanMemberView member, CancellationToken cancellationToken)
    {
        if (!DateTimeOffset.TryParse(Request, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return Request == LatestAppConsistent ? member.Applied?.LatestAppConsistentPoint : member.Applied?.LatestPoint;

        var points = await member.Vault!.ListPointsAsync(cancellationToken);
        return points.Where(p => p.Instant <= time).MaxBy(p => p.Instant) is { } point
            ? new PointSummary(point.Epoch, point.Sequence, point.Instant, point.Consistency)
            : null;
    }
}
