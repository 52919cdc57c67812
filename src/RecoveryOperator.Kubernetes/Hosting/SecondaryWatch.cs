using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>Objects of another kind whose changes concern a controller's objects.</summary>
internal interface ISecondaryWatch
{
    IInformer Informer(IServiceProvider services);

    /// <summary>The controller also works where the server does not have this kind.</summary>
    bool IsOptional { get; }

    IDisposable Subscribe(IServiceProvider services, Action<NamespacedName> enqueue);
}

/// <param name="map">The keys that a change of the other object concerns.</param>
/// <param name="isOptional">Whether the controller also works without the kind.</param>
internal sealed class SecondaryWatch<TOther>(Func<TOther, IServiceProvider, IEnumerable<NamespacedName>> map, bool isOptional) : ISecondaryWatch
    where TOther : class, IKubernetesObject<V1ObjectMeta>
{
    public bool IsOptional => isOptional;

    public IInformer Informer(IServiceProvider services) => services.GetRequiredService<Informer<TOther>>();

    /// <summary>Both states are mapped: an object that moved from one owner to another concerns both.</summary>
    public IDisposable Subscribe(IServiceProvider services, Action<NamespacedName> enqueue) =>
        services.GetRequiredService<Informer<TOther>>().Subscribe(change =>
        {
            foreach (var key in Keys(change.Before, services).Union(Keys(change.After, services)))
                enqueue(key);
        });

    private IEnumerable<NamespacedName> Keys(TOther? other, IServiceProvider services) => other is null ? [] : map(other, services);
}
