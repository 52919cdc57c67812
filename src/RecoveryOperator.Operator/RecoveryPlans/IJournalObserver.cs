using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Is told when a plan wrote a VM's journal, so that the ProtectedVM's status does not lag behind it.</summary>
internal interface IJournalObserver
{
    /// <summary>The journal was written just now.</summary>
    void JournalChanged(NamespacedName protectedVm, string protectionId);
}
