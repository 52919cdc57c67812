using RecoveryOperator.Api.Common;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Status;

/// <summary>Ready, Reconciling and Stalled of kinds whose specific conditions say it all.</summary>
internal static class Summary
{
    /// <summary>The specific conditions with the three of kstatus.</summary>
    /// <param name="specific">Specific conditions; the first that is not true decides.</param>
    /// <param name="needsSomebody">What is not true waits for a person.</param>
    /// <param name="ready">Message when all hold.</param>
    public static IReadOnlyList<ConditionFact> Of(IReadOnlyList<ConditionFact> specific, bool needsSomebody, string ready)
    {
        var open = specific.FirstOrDefault(c => c.Status != true);
        if (open is null)
        {
            return
            [
                .. specific,
                new(ConditionTypes.Ready, true, "Ready", ready),
                new(ConditionTypes.Reconciling, false, "Settled", "Nothing is under way."),
                new(ConditionTypes.Stalled, false, "NotStalled", "Nobody has to act."),
            ];
        }

        var stalled = needsSomebody && open.Status == false;
        return
        [
            .. specific,
            new(ConditionTypes.Ready, open.Status, open.Reason, open.Message),
            stalled
                ? new(ConditionTypes.Reconciling, false, "Stalled", "It waits for somebody to act.")
                : new(ConditionTypes.Reconciling, true, open.Reason, "It is tried again by itself."),
            stalled
                ? new(ConditionTypes.Stalled, true, open.Reason, open.Message)
                : new(ConditionTypes.Stalled, false, "NotStalled", "Nobody has to act."),
        ];
    }
}
