using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.RecoveryPlans;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Has a protection read its journal again and visits it when a plan wrote it.</summary>
internal sealed class JournalObserver(ReplicaReader replicas, IReconcileTrigger<ProtectedVM> trigger) : IJournalObserver
{
    /// <inheritdoc/>
    public void JournalChanged(NamespacedName protectedVm, string protectionId)
    {
        replicas.Invalidate(protectionId);
        trigger.Enqueue(protectedVm);
    }
}
