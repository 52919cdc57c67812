using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>What a controller consists of, as collected by its <see cref="ControllerBuilder{TEntity}"/>.</summary>
internal sealed class ControllerRegistration<TEntity>
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    public ControllerOptions Options { get; set; } = new();

    public string Name => Options.Name ?? ResourceType.Of<TEntity>().Kind;

    /// <summary>Finalizer names in the order in which their duties are done, with the types that do them.</summary>
    public List<(string Name, Type Type)> Finalizers { get; } = [];

    public List<ISecondaryWatch> Watches { get; } = [];
}
