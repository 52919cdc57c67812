using Microsoft.Extensions.Diagnostics.HealthChecks;
using RecoveryOperator.Kubernetes.Informers;

namespace RecoveryOperator.Operator.Hosting;

/// <summary>Ready, leader or not, once every kind has been read from the API server.</summary>
internal sealed class InformersSyncedCheck(IEnumerable<IInformer> informers) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        var waiting = informers.Count(i => !i.HasSynced);
        return Task.FromResult(waiting == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"{waiting} kinds have not been read yet."));
    }
}
