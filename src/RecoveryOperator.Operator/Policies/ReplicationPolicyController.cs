using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Policies;

/// <summary>Checks a policy and counts who uses it.</summary>
internal sealed class ReplicationPolicyController(
    IObjectReader<ProtectedVM> protections, StatusWriter status, IEventRecorder events, TimeProvider timeProvider) : IEntityController<ReplicationPolicy>
{
    /// <inheritdoc/>
    public async Task<ReconciliationResult<ReplicationPolicy>> ReconcileAsync(ReplicationPolicy entity, CancellationToken cancellationToken)
    {
        var (_, invalid) = PolicyTerms.Read(entity);
        ConditionFact valid = invalid is null
            ? new(ConditionTypes.Valid, true, "Valid", "Every value can be used.")
            : new(ConditionTypes.Valid, false, invalid.Reason, invalid.Message);
        var desired = new ReplicationPolicyStatus
        {
            ObservedGeneration = entity.Metadata.Generation,
            UsedBy = protections.ByIndex(ProtectionIndexes.Policy, NamespacedName.Of(entity).ToString()).Count,
            Conditions = ConditionSet.Build(
                entity.Status?.Conditions, Summary.Of([valid], true, "Every value can be used."), entity.Metadata.Generation, timeProvider.GetUtcNow()),
        };
        if (await status.ApplyAsync(entity, desired, cancellationToken))
            Transitions.Publish(events, entity, entity.Status?.Conditions, desired.Conditions);
        return ReconciliationResult<ReplicationPolicy>.Success(entity);
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<ReplicationPolicy>> DeletedAsync(ReplicationPolicy entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<ReplicationPolicy>.Success(entity));
}
