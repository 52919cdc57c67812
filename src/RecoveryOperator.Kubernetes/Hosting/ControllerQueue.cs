using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Queues;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>The queue of one controller; apart from its host so that triggers can be injected into whatever the controller needs.</summary>
internal sealed class ControllerQueue<TEntity>(ControllerRegistration<TEntity> registration, TimeProvider timeProvider, KubernetesInstruments instruments)
    : IReconcileTrigger<TEntity>, IDisposable
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    public WorkQueue<NamespacedName> Keys { get; } = new(
        new WorkQueueOptions
        {
            Name = registration.Name,
            BackoffInitial = registration.Options.BackoffInitial,
            BackoffMaximum = registration.Options.BackoffMaximum,
        },
        timeProvider,
        instruments);

    public void Enqueue(NamespacedName key) => Keys.Add(key);

    public void Dispose() => Keys.Dispose();
}
