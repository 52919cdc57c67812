using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Leadership;
using RecoveryOperator.Kubernetes.Tests.Leadership;
using RecoveryOperator.Kubernetes.Tests.Servers;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Kubernetes.Tests.Hosting;

/// <summary>Runs a host with the widget controller, as an operator would.</summary>
public abstract class ControllerHarness(ITestApiServer server) : ClusterSuite(server)
{
    protected WidgetBehaviour Behaviour { get; } = new();

    protected RecordingTerminator Terminator { get; } = new();

    protected static ControllerOptions Fast => new() { BackoffInitial = TimeSpan.FromMilliseconds(50), BackoffMaximum = TimeSpan.FromSeconds(1) };

    protected async Task<IHost> StartAsync(Action<ControllerBuilder<Widget>>? configure = null, LeadershipOptions? leadership = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(Cluster.DisturbedApi);
        builder.Services.AddSingleton(Behaviour);
        builder.Services.AddSingleton<IProcessTerminator>(Terminator);
        builder.Services.AddKubernetesRuntime(new KubernetesRuntimeOptions
        {
            Component = "widget-operator",
            Leadership = leadership ?? new LeadershipOptions { Enabled = false },
            Informers = new InformerOptions
            {
                Query = new(Cluster.Namespace),
                BackoffInitial = TimeSpan.FromMilliseconds(100),
                BackoffMaximum = TimeSpan.FromSeconds(2),
                ResyncPeriod = TimeSpan.Zero,
            },
        });
        builder.Services.AddController<Widget, WidgetController>(c =>
        {
            c.WithOptions(Fast);
            configure?.Invoke(c);
        });
        var host = builder.Build();
        await host.StartAsync(Token);
        StopAtTheEnd(host);
        return host;
    }
}
