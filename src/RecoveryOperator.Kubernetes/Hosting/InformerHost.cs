using Microsoft.Extensions.Hosting;
using RecoveryOperator.Kubernetes.Informers;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>Runs every informer, leader or not, so that a new leader starts with warm copies.</summary>
/// <param name="informers">All that are registered.</param>
internal sealed class InformerHost(IEnumerable<IInformer> informers) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(informers.Select(i => Task.Run(() => i.RunAsync(stoppingToken), CancellationToken.None)));
}
