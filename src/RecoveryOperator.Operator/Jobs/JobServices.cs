using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>Registers jobs.</summary>
internal static class JobServices
{
    /// <summary>Adds what makes, shows and cleans up jobs.</summary>
    public static IServiceCollection AddJobs(this IServiceCollection services, JobOptions options) => services
        .AddSingleton(options)
        .AddSingleton<IJobStore, JobStore>()
        .AddSingleton<JobWrites>()
        .AddSingleton<JobMirror>()
        .AddSingleton<Plans.PlanJobs>()
        .AddSingleton<Plans.IPlanJobs>(s => s.GetRequiredService<Plans.PlanJobs>())
        .AddSingleton<Protections.ProtectionJobs>()
        .AddController<RecoveryJob, RecoveryJobController>(c => c.WithIndex(JobStore.BySubject, JobStore.SubjectOf));
}
