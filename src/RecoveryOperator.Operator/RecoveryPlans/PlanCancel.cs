using RecoveryOperator.Api.Plans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>How a cancel stands after it was looked at once.</summary>
internal enum CancelProgress
{
    /// <summary>Not possible: a source is fenced. The operation goes on.</summary>
    Refused,

    /// <summary>A journal cannot be read or was changed meanwhile: nothing is fenced until it is looked at again.</summary>
    Waiting,

    /// <summary>No machine's journal can be fenced by the operation any more.</summary>
    Done,
}

/// <summary>
/// Cancels an operation before it has any effect (docs/jobs.md). The record goes into the very journals that a fence would change, so of the two only
/// one can come first.
/// </summary>
internal sealed partial class PlanCancel(TimeProvider time, ILogger<PlanCancel> logger)
{
    /// <summary>Whether it was begun to be canceled: by somebody whose request may be gone by now.</summary>
    public static bool HasBegun(PlanSituation situation, IReadOnlyList<PlanMemberView> subjects, OperationRequest request) =>
        subjects.Any(m => m.Journal is { } journal && JournalTransitions.IsCanceled(journal.Value, request, situation.Plan.Metadata.Name));

    /// <summary>The first machine that the operation has fenced; null when none is known.</summary>
    public static PlanMemberView? Fenced(IEnumerable<PlanMemberView> subjects, OperationKey operation) => subjects.FirstOrDefault(m => m.FactsOf(operation).Fenced);

    /// <summary>How it stands before anything is written.</summary>
    public static CancelProgress Look(RecoveryPlan plan, IReadOnlyList<PlanMemberView> subjects, OperationRequest request)
    {
        if (request.Type != OperationType.UnplannedFailover || Fenced(subjects, OperationKey.Of(plan, request)) is not null)
            return CancelProgress.Refused;
        return subjects.All(m => m.Journal is not null) ? CancelProgress.Done : CancelProgress.Waiting;
    }

    /// <summary>Which journals cannot be read, why, and what that means for the cancel; null when all can.</summary>
    public static string? Obstacle(IReadOnlyList<PlanMemberView> subjects) =>
        subjects.Where(m => m.Journal is null).Select(m => m.Problem ?? $"The journal of {m.Name} cannot be read.").ToList() is { Count: > 0 } problems
            ? $"The cancel waits, and so does the operation: {string.Join(" ", problems)}"
            : null;

    /// <summary>Writes the record into each journal that lacks it.</summary>
    /// <exception cref="VaultException">A journal could not be written.</exception>
    public async Task<CancelProgress> RunAsync(string plan, IReadOnlyList<PlanMemberView> subjects, OperationRequest request, CancellationToken cancellationToken)
    {
        foreach (var member in subjects.Where(m => !JournalTransitions.IsCanceled(m.Journal!.Value, request, plan)))
        {
            var canceled = JournalTransitions.Cancel(member.Journal!.Value, request, plan, time.GetUtcNow());
            if (await member.Vault!.WriteJournalAsync(canceled, member.Journal.ETag, cancellationToken) is null)
                return CancelProgress.Waiting;
            LogCanceled(member.Name, request.Id);
        }

        return CancelProgress.Done;
    }

    [LoggerMessage(1, LogLevel.Information, "Operation {operation} is canceled for {protectedVm}: its source will not be fenced by it")]
    private partial void LogCanceled(string protectedVm, string operation);
}
