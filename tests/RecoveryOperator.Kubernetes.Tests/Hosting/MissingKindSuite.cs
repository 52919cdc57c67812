using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Hosting;

/// <summary>A kind that is watched beside the controller's own is not installed.</summary>
public abstract class MissingKindSuite(ITestApiServer server) : ControllerHarness(server)
{
    [Fact]
    public async Task A_missing_kind_that_is_optional_holds_nothing_up_and_is_used_once_it_is_there()
    {
        await Cluster.CreateWidgetAsync("a", Token);
        Cluster.Faults.HiddenKind = "configmaps";
        var host = await StartAsync(c => c.Watches<V1ConfigMap>((map, _) => [new NamespacedName(map.Metadata.NamespaceProperty, map.Metadata.Name)], isOptional: true));
        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 1, Token);
        var other = host.Services.GetServices<IInformer>().Single(i => i.Kind == "ConfigMap");
        Assert.True(other is { IsAbsent: true, HasSynced: false });

        Cluster.Faults.HiddenKind = null;
        await Cluster.Client.CreateAsync(new V1ConfigMap { Metadata = new() { NamespaceProperty = Cluster.Namespace, Name = "a" } }, Token);

        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 2, Token);
        Assert.True(other is { IsAbsent: false, HasSynced: true });
    }

    [Fact]
    public async Task A_missing_kind_that_is_needed_is_waited_for()
    {
        await Cluster.CreateWidgetAsync("a", Token);
        Cluster.Faults.HiddenKind = "configmaps";
        var host = await StartAsync(c => c.Watches<V1ConfigMap>((_, _) => []));
        var other = host.Services.GetServices<IInformer>().Single(i => i.Kind == "ConfigMap");
        await Eventually.HoldsAsync(() => other.IsAbsent, Token);
        Assert.Equal(0, Behaviour.Count("a"));

        Cluster.Faults.HiddenKind = null;
        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 1, Token);
    }
}

public sealed class FakeServerMissingKindTests(FakeApiServer server) : MissingKindSuite(server);

public sealed class RealServerMissingKindTests(ApiServer server) : MissingKindSuite(server);
