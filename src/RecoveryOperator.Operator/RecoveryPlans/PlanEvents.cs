using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>What a person is told of the way from one status to the next. Pure; from statuses alone. A crash between a status and its event loses the event; the status stays.</summary>
internal static class PlanEvents
{
    public static IEnumerable<PlanNews> Between(RecoveryPlanStatus? before, RecoveryPlanStatus after)
    {
        if (after.CurrentOperation is { } operation && News(before, operation) is { } news)
            yield return news;

        var stalled = Conditions.Find(after.Conditions, ConditionTypes.Stalled);
        var last = Conditions.Find(before?.Conditions, ConditionTypes.Stalled);
        if (stalled?.Status == "True" && (last?.Status != "True" || last.Message != stalled.Message))
            yield return new(EventType.Warning, stalled.Reason, stalled.Message);
    }

    /// <summary>A refusal is told by its condition. What had ended before a plan was ever seen is history, no news.</summary>
    private static PlanNews? News(RecoveryPlanStatus? before, PlanOperationStatus operation)
    {
        var same = before?.CurrentOperation?.Id == operation.Id && before.CurrentOperation.State == operation.State;
        return operation.State switch
        {
            _ when same => null,
            PlanOperationState.Running => new(EventType.Normal, "OperationAccepted", $"{operation.Type} '{operation.Id}' begins."),
            PlanOperationState.Succeeded when before is not null => new(EventType.Normal, "OperationSucceeded", $"{operation.Type} '{operation.Id}': {operation.Message}"),
            PlanOperationState.Failed when before is not null => new(EventType.Warning, "OperationFailed", $"{operation.Type} '{operation.Id}': {operation.Message}"),
            PlanOperationState.Canceled when before is not null => new(EventType.Normal, "OperationCanceled", $"{operation.Type} '{operation.Id}': {operation.Message}"),
            _ => null,
        };
    }
}

/// <summary>An event to be published.</summary>
/// <param name="Type">Normal or warning.</param>
/// <param name="Reason">One word in CamelCase.</param>
/// <param name="Message">What happened, and for a warning what to do.</param>
internal sealed record PlanNews(EventType Type, string Reason, string Message);
