using System.Globalization;
using System.Text.RegularExpressions;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>A request for a recovery point: <c>Latest</c>, <c>LatestProcessed</c>, <c>LatestAppConsistent</c> or a time (RFC 3339).</summary>
/// <param name="Request">As the user wrote it.</param>
internal sealed partial record PointChoice(string Request)
{
    public const string Latest = "Latest";
    public const string LatestProcessed = "LatestProcessed";
    public const string LatestAppConsistent = "LatestAppConsistent";

    /// <summary>What was shipped must be applied before the choice.</summary>
    public bool NeedsEverythingApplied => Request == Latest;

    /// <summary>It says something: an unknown word never stands for some point.</summary>
    public bool IsValid => Request is Latest or LatestProcessed or LatestAppConsistent || Time is not null;

    /// <summary>The time asked for; null when it is none.</summary>
    private DateTimeOffset? Time =>
        TimePattern().IsMatch(Request) && DateTimeOffset.TryParse(Request, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    /// <summary>The point among those that are listed now; null when none fits.</summary>
    public async Task<PointSummary?> FindAsync(PlanMemberView member, CancellationToken cancellationToken) => Request switch
    {
        Latest or LatestProcessed => member.Applied?.LatestPoint,
        LatestAppConsistent => member.Applied?.LatestAppConsistentPoint,
        _ when Time is { } time => NewestAt(await member.Vault!.ListPointsAsync(cancellationToken), time),
        _ => null,
    };

    /// <summary>The newest point at or before a time; of two of one instant the later set.</summary>
    public static PointSummary? NewestAt(IEnumerable<RecoveryPointDocument> points, DateTimeOffset time) => points
        .Where(p => p.Instant <= time)
        .OrderBy(p => p.Instant).ThenBy(p => p.Epoch).ThenBy(p => p.Sequence)
        .Select(p => new PointSummary(p.Epoch, p.Sequence, p.Instant, p.Consistency))
        .LastOrDefault();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex TimePattern();
}
