using Microsoft.Extensions.DependencyInjection.Extensions;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Registers what executes recovery plans.</summary>
internal static class RecoveryPlanServices
{
    private const string ByMachine = "machine";
    private const string ByNamespace = "namespace";

    /// <summary>Adds everything but the seams (<see cref="IPlanAgents"/>, <see cref="IPlanVaults"/>, <see cref="IJournalObserver"/>) and the controller.</summary>
    public static IServiceCollection AddRecoveryPlans(this IServiceCollection services, PlanOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddSingleton(options)
            .AddSingleton<PlanMemberReader>()
            .AddSingleton<PlanJournals>()
            .AddSingleton<FailoverTargets>()
            .AddSingleton<AgentAttempts>()
            .AddSingleton<AgentSteps>()
            .AddSingleton<TestNetworks>()
            .AddSingleton<TestAgentSteps>()
            .AddSingleton<TestFailoverExecutor>()
            .AddSingleton<TestCleanup>()
            .AddSingleton<TestRunner>()
            .AddSingleton<FailoverExecutor>()
            .AddSingleton<CommitExecutor>()
            .AddSingleton<PlanRunner>()
            .AddSingleton<ReplicaReadGrants>()
            .AddSingleton<PlanCancel>()
            .AddSingleton<PlanPursuit>();
    }

    /// <summary>Adds the controller, over the operator's open sessions and accounts. It waits for the copy of jobs, if there is such a kind; a job that needs its plan wakes it itself.</summary>
    public static IServiceCollection AddRecoveryPlanController(this IServiceCollection services) => services
        .AddSingleton<IPlanAgents, AgentOperations>()
        .AddSingleton<IPlanVaults, PlanVaults>()
        .AddSingleton<IJournalObserver, JournalObserver>()
        .AddController<RecoveryPlan, RecoveryPlanController>(c => c
            .WithIndex(ByMachine, MachinesOf)
            .WithIndex(ByNamespace, plan => [plan.Metadata.NamespaceProperty])
            .Watches<RecoveryJob>((_, _) => [], isOptional: true)
            .Watches<NetworkMap>((_, _) => [], isOptional: true)
            .Watches<ProtectedVM>((vm, s) => KeysOf(s, ByMachine, NamespacedName.Of(vm).ToString()))
            .Watches<RecoveryHost>((host, s) => KeysOf(s, ByNamespace, host.Metadata.NamespaceProperty)));

    private static IEnumerable<string> MachinesOf(RecoveryPlan plan) =>
        plan.Spec.Groups.SelectMany(group => group.Vms).Select(vm => $"{plan.Metadata.NamespaceProperty}/{vm.Name}").Distinct();

    private static IEnumerable<NamespacedName> KeysOf(IServiceProvider services, string index, string value) =>
        services.GetRequiredService<IObjectReader<RecoveryPlan>>().ByIndex(index, value).Select(plan => NamespacedName.Of(plan));
}
