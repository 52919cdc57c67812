using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>Asks for a reconcile from outside the API server: an agent reported, a vault changed.</summary>
public interface IReconcileTrigger<TEntity>
{
    /// <summary>Makes the object's key ready; does nothing beyond that, so it may be called from anywhere and often.</summary>
    void Enqueue(NamespacedName key);
}
