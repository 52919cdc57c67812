using k8s;
using k8s.Models;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>Brings the world in line with one object. Level-triggered: it is told which object, never what happened.</summary>
public interface IEntityController<TEntity>
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Looks at the world, does one idempotent step, and says when to look again. Never called twice at once for one object.</summary>
    /// <param name="entity">A copy of the object, read just before the call; it may be changed freely.</param>
    /// <param name="cancellationToken">Ends the work: on shutdown, on lost leadership, or when the reconcile took too long.</param>
    Task<ReconciliationResult<TEntity>> ReconcileAsync(TEntity entity, CancellationToken cancellationToken);

    /// <summary>
    /// The object is gone. Only for letting go of what is kept in memory: a deletion while no process ran is never told, so what must
    /// happen belongs in an <see cref="Finalizers.IEntityFinalizer{TEntity}"/>.
    /// </summary>
    /// <param name="entity">The object as it was last known.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<ReconciliationResult<TEntity>> DeletedAsync(TEntity entity, CancellationToken cancellationToken);
}
