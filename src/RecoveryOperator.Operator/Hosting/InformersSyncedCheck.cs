using Microsoft.Extensions.Diagnostics.HealthChecks;
using RecoveryOperator.Kubernetes.Informers;

namespace RecoveryOperator.Operator.Hosting;

/// <summary>Kinds that the operator can work without.</summary>
/// <param name="Kinds">Their names.</param>
internal sealed record OptionalKinds(IReadOnlyCollection<string> Kinds);

/// <summary>
/// Ready, leader or not, once every kind has been read from the API server. Degraded, which still is ready, without a kind that it can do without and the
/// server does not have.
/// </summary>
internal sealed class InformersSyncedCheck(IEnumerable<IInformer> informers, OptionalKinds optional) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        var unread = informers.Where(i => !i.HasSynced || i.IsAbsent).ToLookup(i => i.IsAbsent && optional.Kinds.Contains(i.Kind));
        if (unread[false].Any())
            return Task.FromResult(HealthCheckResult.Unhealthy($"Not read yet: {Names(unread[false])}. If that stays so: install the definitions in crds/, and look at the operator's rights."));
        return Task.FromResult(unread[true].Any()
            ? HealthCheckResult.Degraded($"Not installed: {Names(unread[true])}. The operator works without; install the definitions in crds/ to have them.")
            : HealthCheckResult.Healthy());
    }

    private static string Names(IEnumerable<IInformer> informers) => string.Join(", ", informers.Select(i => i.IsAbsent ? $"{i.Kind} (cannot be listed)" : i.Kind));
}
