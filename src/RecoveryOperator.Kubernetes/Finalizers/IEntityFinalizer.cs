using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Hosting;

namespace RecoveryOperator.Kubernetes.Finalizers;

/// <summary>One duty to be done before an object may go. The host adds its name to objects and removes it after success.</summary>
public interface IEntityFinalizer<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>
    /// Does the duty, idempotently. Success without a time removes the finalizer; success with a time, or failure, keeps it and comes
    /// back.
    /// </summary>
    /// <param name="entity">A copy of the object, with its deletionTimestamp.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<ReconciliationResult<TEntity>> FinalizeAsync(TEntity entity, CancellationToken cancellationToken);
}
