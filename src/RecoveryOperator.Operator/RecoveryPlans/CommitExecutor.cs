using RecoveryOperator.Api.Plans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Commits one VM: the recovery point can not be changed afterwards.</summary>
internal sealed partial class CommitExecutor(TimeProvider time, ILogger<CommitExecutor> logger)
{
    /// <summary>Commits the VM unless that is done.</summary>
    public async Task<StepOutcome> StepAsync(RecoveryPlan plan, PlanMemberView member, OperationRequest request, CancellationToken cancellationToken)
    {
        if (member.State == PlanMemberState.Committed)
            return StepOutcome.Done;
        if (member.State != PlanMemberState.FailedOver)
            return StepOutcome.Blocked(member.Problem ?? $"{member.Name} is {member.State}, not failed over: fail it over first.");

        try
        {
            var committed = JournalTransitions.Commit(member.Journal!.Value, request, plan.Metadata.Name, time.GetUtcNow());
            var written = await member.Vault!.WriteJournalAsync(committed, member.Journal.ETag, cancellationToken);
            return written is null ? StepOutcome.Forestalled : StepOutcome.Done;
        }
        catch (VaultException fault)
        {
            LogBlocked(member.Name, request.Id, fault.Message, fault);
            return StepOutcome.Blocked($"{fault.Message} {fault.Remedy}");
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Blocked: operation {operation} of {protectedVm}: {reason}")]
    private partial void LogBlocked(string protectedVm, string operation, string reason, Exception exception);
}
