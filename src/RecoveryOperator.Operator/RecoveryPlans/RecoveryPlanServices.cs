using Microsoft.Extensions.DependencyInjection.Extensions;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Registers what executes recovery plans.</summary>
internal static class RecoveryPlanServices
{
    /// <summary>
    /// Adds everything but the seams (<see cref="IPlanAgents"/>, <see cref="IPlanVaults"/>) and the registration of <see cref="RecoveryPlanController"/>
    /// with the controller runtime.
    /// </summary>
    public static IServiceCollection AddRecoveryPlans(this IServiceCollection services, PlanOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddSingleton(options)
            .AddSingleton<PlanMemberReader>()
            .AddSingleton<PlanJournals>()
            .AddSingleton<FailoverTargets>()
            .AddSingleton<AgentSteps>()
            .AddSingleton<FailoverExecutor>()
            .AddSingleton<CommitExecutor>()
            .AddSingleton<PlanRunner>()
            .AddSingleton<ReplicaReadGrants>()
            .AddSingleton<PlanPursuit>();
    }
}
