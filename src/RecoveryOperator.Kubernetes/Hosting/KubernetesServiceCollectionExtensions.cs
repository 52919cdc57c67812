using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Clients;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Finalizers;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Leadership;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>Registers the controller runtime.</summary>
public static class KubernetesServiceCollectionExtensions
{
    /// <summary>
    /// Adds what controllers share. Call it first: hosted services stop in reverse order, and the lease must be given back last.
    /// A <see cref="KubernetesApi"/> registered before is used instead of the configured one.
    /// </summary>
    public static IServiceCollection AddKubernetesRuntime(this IServiceCollection services, KubernetesRuntimeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Leadership.Validate();
        services.AddSingleton(options);
        services.AddSingleton(options.Leadership);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => KubernetesApiFactory.Create(options.KubeconfigPath));
        services.TryAddSingleton<IKubernetes>(s => s.GetRequiredService<KubernetesApi>());
        services.TryAddSingleton<ResourceClient>();
        services.TryAddSingleton<KubernetesInstruments>();
        services.TryAddSingleton<IProcessTerminator, EnvironmentProcessTerminator>();
        services.AddSingleton<FinalizerWriter>();
        services.AddSingleton(s => new StatusWriter(
            s.GetRequiredService<ResourceClient>(), options.Component, s.GetRequiredService<KubernetesInstruments>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LeaseRelease>();
        services.AddSingleton<LeaderElection>();
        services.AddSingleton<ILeadership>(s => s.GetRequiredService<LeaderElection>());
        services.AddHostedService(s => s.GetRequiredService<LeaderElection>());
        services.AddSingleton(s => new EventRecorder(
            s.GetRequiredService<ResourceClient>(),
            new EventRecorderOptions { Component = options.Component, Instance = options.Leadership.Identity },
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<KubernetesInstruments>(),
            s.GetRequiredService<ILogger<EventRecorder>>()));
        services.AddSingleton<IEventRecorder>(s => s.GetRequiredService<EventRecorder>());
        services.AddHostedService(s => s.GetRequiredService<EventRecorder>());
        services.AddHostedService<InformerHost>();
        return services;
    }

    /// <summary>
    /// Adds an informer; one per kind in a process. The first call decides its options (the runtime's if null).
    /// Read it as <see cref="IObjectReader{T}"/>.
    /// </summary>
    public static IServiceCollection AddInformer<T>(this IServiceCollection services, InformerOptions? options = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (services.Any(s => s.ServiceType == typeof(Informer<T>)))
            return services;
        services.AddSingleton(s =>
        {
            var informer = new Informer<T>(
                s.GetRequiredService<ResourceClient>(),
                options ?? s.GetRequiredService<KubernetesRuntimeOptions>().Informers,
                s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<KubernetesInstruments>(),
                s.GetRequiredService<ILogger<Informer<T>>>());
            foreach (var index in s.GetServices<InformerIndexRegistration<T>>())
                informer.AddIndex(index.Name, index.ValuesOf);
            return informer;
        });
        services.AddSingleton<IObjectReader<T>>(s => s.GetRequiredService<Informer<T>>());
        services.AddSingleton<IInformer>(s => s.GetRequiredService<Informer<T>>());
        return services;
    }

    /// <summary>Adds an index to the informer of a kind.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name to look up by.</param>
    /// <param name="valuesOf">The values under which an object is found.</param>
    public static IServiceCollection AddInformerIndex<T>(this IServiceCollection services, string name, Func<T, IEnumerable<string>> valuesOf)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        services.AddSingleton(new InformerIndexRegistration<T>(name, valuesOf));

    /// <summary>Adds the controller of a kind, and an informer for it if there is none.</summary>
    /// <exception cref="InvalidOperationException">The kind already has a controller.</exception>
    public static IServiceCollection AddController<TEntity, TController>(
        this IServiceCollection services, Action<ControllerBuilder<TEntity>>? configure = null)
        where TEntity : class, IKubernetesObject<V1ObjectMeta>
        where TController : class, IEntityController<TEntity>
    {
        if (services.Any(s => s.ServiceType == typeof(ControllerRegistration<TEntity>)))
            throw new InvalidOperationException($"{typeof(TEntity).Name} already has a controller: two would race for the same objects.");
        var registration = new ControllerRegistration<TEntity>();
        services.AddInformer<TEntity>();
        configure?.Invoke(new ControllerBuilder<TEntity>(services, registration));
        services.AddSingleton(registration);
        services.AddSingleton<IEntityController<TEntity>, TController>();
        services.AddSingleton<ControllerQueue<TEntity>>();
        services.AddSingleton<IReconcileTrigger<TEntity>>(s => s.GetRequiredService<ControllerQueue<TEntity>>());
        services.AddSingleton<EntityReconciler<TEntity>>();
        services.AddHostedService<ControllerHost<TEntity>>();
        return services;
    }
}
