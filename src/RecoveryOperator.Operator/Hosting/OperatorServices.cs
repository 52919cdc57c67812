using Prometheus;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Hosts;
using RecoveryOperator.Operator.Jobs;
using RecoveryOperator.Operator.Metrics;
using RecoveryOperator.Operator.NetworkMaps;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Policies;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Sites;
using RecoveryOperator.Operator.Trust;
using RecoveryOperator.Operator.Vaults;

namespace RecoveryOperator.Operator.Hosting;

/// <summary>Registers the operator's parts and says which change concerns which kind.</summary>
internal static class OperatorServices
{
    /// <summary>Adds everything but the web server.</summary>
    public static IServiceCollection AddOperator(this IServiceCollection services, OperatorOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(new OptionalKinds([nameof(RecoveryJob), nameof(NetworkMap)]));
        services.AddKubernetesRuntime(new KubernetesRuntimeOptions
        {
            Component = ApiConstants.FieldManager,
            KubeconfigPath = options.KubeconfigPath.Length == 0 ? null : options.KubeconfigPath,
            Leadership = new() { Enabled = options.LeaderElection.Enabled, Namespace = options.LeaderElection.Namespace, Name = options.LeaderElection.Name },
            Informers = new InformerOptions { Query = new ResourceQuery(options.Namespace.Length == 0 ? null : options.Namespace) },
        });
        services.AddSingleton(new AgentTiming(options.AgentSilenceGrace, options.InventoryInterval));
        services.AddSingleton<IAgentObserver, AgentObserver>();
        services.AddSingleton<AgentConnections>();
        services.AddSingleton<AgentEndpoints>();
        services.AddTrust(options.Trust.IsOn);
        services.AddSingleton<VaultAccounts>();
        services.AddSingleton<VaultKeys>();
        services.AddSingleton<EncryptionCheck>();
        services.AddProtections();
        services.AddSingleton<ProtectionMetrics>();
        services.AddSingleton<PlanMetrics>();
        services.AddSingleton<CollectorRegistry>(_ => Prometheus.Metrics.DefaultRegistry);
        services.AddJobs(options.Jobs);
        services.AddRecoveryPlans(new PlanOptions { ClusterName = options.ClusterName, BlockedInterval = options.RetryInterval });
        return services.AddControllers().AddRecoveryPlanController();
    }

    private static void AddTrust(this IServiceCollection services, bool isOn)
    {
        services.AddSingleton<TrustState>();
        services.AddSingleton<AuthorityStore>();
        services.AddSingleton<RevocationList>();
        services.AddSingleton<HostRecords>();
        services.AddSingleton<HostTokens>();
        services.AddSingleton<EnrolledHosts>();
        services.AddSingleton<HostEnrolments>();
        services.AddSingleton<CertificateIssuer>();
        if (!isOn)
            return;
        services.AddHostedService<TrustKeeper>();
        services.AddHostedService<TrustServer>();
    }

    private static void AddProtections(this IServiceCollection services)
    {
        services.AddSingleton<ProtectionRegistry>();
        services.AddSingleton<ProtectionLocks>();
        services.AddSingleton<ReplicaReader>();
        services.AddSingleton<GivenProtections>();
        services.AddSingleton<ProtectionKeys>();
        services.AddSingleton<PrerequisiteChecks>();
        services.AddSingleton<CopyPaces>();
        services.AddSingleton<HostGrants>();
        services.AddSingleton<FencedSources>();
        services.AddSingleton<HostSettingsWriter>();
        services.AddSingleton<LeavingHosts>();
        services.AddSingleton<ProtectionCaches>();
        services.AddSingleton<ReferenceResolver>();
        services.AddSingleton<SiteSearch>();
        services.AddSingleton<NetworkMapLookup>();
        services.AddSingleton<SiteNetworks>();
        services.AddSingleton<ProtectionAdvice>();
        services.AddSingleton<FactsGatherer>();
        services.AddSingleton<ProtectionSteps>();
        services.AddSingleton<ReplicaDisposal>();
        services.AddSingleton<SyncRequests>();
        services.AddSingleton<GuestIncidents>();
        services.AddSingleton<AfterFailover>();
    }

    private static IServiceCollection AddControllers(this IServiceCollection services) => services
        .AddController<RecoverySite, RecoverySiteController>(c => c
            .Watches<RecoveryHost>((host, _) => [Named(host.Metadata.NamespaceProperty, host.Spec.SiteRef.Name)]))
        .AddController<RecoveryHost, RecoveryHostController>(c => c
            .WithFinalizer<RecoveryHostFinalizer>(ApiConstants.RevokeFinalizer)
            .WithIndex(RecoveryHostController.BySite, host => [$"{host.Metadata.NamespaceProperty}/{host.Spec.SiteRef.Name}"])
            .Watches<RecoverySite>((site, s) => KeysOf<RecoveryHost>(s, RecoveryHostController.BySite, site)))
        .AddController<RecoveryVault, RecoveryVaultController>(c => c
            .Watches<ProtectedVM>((vm, _) => [Named(vm.Metadata.NamespaceProperty, vm.Spec.VaultRef.Name)]))
        .AddController<ReplicationPolicy, ReplicationPolicyController>(c => c
            .Watches<ProtectedVM>((vm, _) => [Named(vm.Metadata.NamespaceProperty, vm.Spec.PolicyRef.Name)]))
        .AddController<ProtectedVM, ProtectedVMController>(c => c
            .WithIndex(ProtectionIndexes.Site, ProtectionIndexes.BySite)
            .WithIndex(ProtectionIndexes.Policy, ProtectionIndexes.ByPolicy)
            .WithIndex(ProtectionIndexes.Vault, ProtectionIndexes.ByVault)
            .WithFinalizer<ProtectedVMFinalizer>(ApiConstants.ReleaseFinalizer)
            .WithOptions(new ControllerOptions { Workers = 8 })
            .Watches<RecoveryJob>((_, _) => [], isOptional: true) // Only for the copy: a job that needs its machine's visit wakes it itself.
            .Watches<RecoverySite>((site, s) => KeysOf<ProtectedVM>(s, ProtectionIndexes.Site, site))
            .Watches<RecoveryHost>((host, s) => KeysOf<ProtectedVM>(s, ProtectionIndexes.Site, Named(host.Metadata.NamespaceProperty, host.Spec.SiteRef.Name)))
            .Watches<ReplicationPolicy>((policy, s) => KeysOf<ProtectedVM>(s, ProtectionIndexes.Policy, policy))
            .Watches<RecoveryVault>((vault, s) => KeysOf<ProtectedVM>(s, ProtectionIndexes.Vault, vault))
            .Watches<NetworkMap>((map, s) => KeysOf<ProtectedVM>(s, ProtectionIndexes.Site, Named(map.Metadata.NamespaceProperty, map.Spec.SourceSiteRef.Name)), isOptional: true))
        .AddController<NetworkMap, NetworkMapController>(c => c
            .WithIndex(NetworkMapLookup.BySource, map => [$"{map.Metadata.NamespaceProperty}/{map.Spec.SourceSiteRef.Name}"])
            .WithIndex(NetworkMapLookup.ByTarget, map => [$"{map.Metadata.NamespaceProperty}/{map.Spec.TargetSiteRef.Name}"])
            .Watches<RecoverySite>((site, s) => MapsOf(s, NamespacedName.Of(site)))
            .Watches<RecoveryHost>((host, s) => MapsOf(s, Named(host.Metadata.NamespaceProperty, host.Spec.SiteRef.Name)))
            .Watches<NetworkMap>((map, s) => KeysOf<NetworkMap>(s, NetworkMapLookup.BySource, Named(map.Metadata.NamespaceProperty, map.Spec.SourceSiteRef.Name))));

    private static IEnumerable<NamespacedName> MapsOf(IServiceProvider services, NamespacedName site) =>
        KeysOf<NetworkMap>(services, NetworkMapLookup.BySource, site).Union(KeysOf<NetworkMap>(services, NetworkMapLookup.ByTarget, site));

    private static NamespacedName Named(string ns, string name) => new(ns, name);

    private static IEnumerable<NamespacedName> KeysOf<T>(IServiceProvider services, string index, k8s.Models.IMetadata<k8s.Models.V1ObjectMeta> of)
        where T : class, k8s.IKubernetesObject<k8s.Models.V1ObjectMeta> => KeysOf<T>(services, index, NamespacedName.Of(of));

    private static IEnumerable<NamespacedName> KeysOf<T>(IServiceProvider services, string index, NamespacedName of)
        where T : class, k8s.IKubernetesObject<k8s.Models.V1ObjectMeta> =>
        services.GetRequiredService<IObjectReader<T>>().ByIndex(index, of.ToString()).Select(o => NamespacedName.Of(o));
}
