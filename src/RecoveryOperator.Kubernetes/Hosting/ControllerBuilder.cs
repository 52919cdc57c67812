using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using RecoveryOperator.Kubernetes.Finalizers;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>Says what a controller watches and which duties it has at deletion.</summary>
public sealed class ControllerBuilder<TEntity>
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly IServiceCollection _services;
    private readonly ControllerRegistration<TEntity> _registration;

    internal ControllerBuilder(IServiceCollection services, ControllerRegistration<TEntity> registration) =>
        (_services, _registration) = (services, registration);

    /// <summary>Sets how the controller runs.</summary>
    public ControllerBuilder<TEntity> WithOptions(ControllerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _registration.Options = options;
        return this;
    }

    /// <summary>
    /// Adds a duty to be done before an object may go. Duties are done in the order in which they are added.
    /// </summary>
    /// <param name="name">The finalizer's name on objects: a domain, a slash and a word.</param>
    public ControllerBuilder<TEntity> WithFinalizer<TFinalizer>(string name)
        where TFinalizer : class, IEntityFinalizer<TEntity>
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _services.TryAddSingleton<TFinalizer>();
        _registration.Finalizers.Add((name, typeof(TFinalizer)));
        return this;
    }

    /// <summary>
    /// Reconciles the keys that <paramref name="map"/> yields whenever an object of another kind changes. The map runs in the other
    /// informer's lock: it may read informers' copies of other kinds by index, and nothing slower.
    /// </summary>
    /// <param name="map">The keys that a change of the other object concerns.</param>
    /// <param name="isOptional">True: where the server has no such kind, or does not let it be listed, the controller works without, and with it once it can be had.</param>
    public ControllerBuilder<TEntity> Watches<TOther>(Func<TOther, IServiceProvider, IEnumerable<NamespacedName>> map, bool isOptional = false)
        where TOther : class, IKubernetesObject<V1ObjectMeta>
    {
        _services.AddInformer<TOther>();
        _registration.Watches.Add(new SecondaryWatch<TOther>(map, isOptional));
        return this;
    }

    /// <summary>Adds an index to the copy of this controller's own objects.</summary>
    /// <param name="name">The name to look up by.</param>
    /// <param name="valuesOf">The values under which an object is found.</param>
    public ControllerBuilder<TEntity> WithIndex(string name, Func<TEntity, IEnumerable<string>> valuesOf)
    {
        _services.AddInformerIndex(name, valuesOf);
        return this;
    }
}
