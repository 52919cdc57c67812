using RecoveryOperator.Kubernetes.Finalizers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Tests.Servers;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Finalizers;

public abstract class FinalizerWriterSuite(ITestApiServer server) : ClusterSuite(server)
{
    private FinalizerWriter Writer => new(Cluster.DisturbedClient);

    [Fact]
    public async Task Finalizers_are_added_and_removed_beside_those_of_others()
    {
        var widget = await Cluster.CreateWidgetAsync("a", Token);
        widget = await Writer.AddAsync(widget, ["other.io/keep"], Token);
        widget = await Writer.AddAsync(widget, ["test.io/one", "test.io/two"], Token);
        Assert.Equal(["other.io/keep", "test.io/one", "test.io/two"], widget.Metadata.Finalizers);
        widget = await Writer.RemoveAsync(widget, "test.io/one", Token);
        Assert.Equal(["other.io/keep", "test.io/two"], widget.Metadata.Finalizers);
    }

    [Fact]
    public async Task Nothing_is_sent_when_nothing_changes()
    {
        var widget = await Cluster.CreateWidgetAsync("a", Token);
        widget = await Writer.AddAsync(widget, ["test.io/one"], Token);
        await Writer.AddAsync(widget, ["test.io/one"], Token);
        await Writer.RemoveAsync(widget, "test.io/absent", Token);
        Assert.Equal(1, Cluster.Faults.Patches);
    }

    [Fact]
    public async Task An_object_that_another_changed_is_a_conflict_and_nobodys_finalizer_is_lost()
    {
        var stale = await Cluster.CreateWidgetAsync("a", Token);
        await Writer.AddAsync(stale, ["other.io/keep"], Token);
        var refused = await Assert.ThrowsAsync<ResourceRequestException>(() => Writer.AddAsync(stale, ["test.io/one"], Token));
        Assert.True(refused.IsConflict, refused.Message);
        Assert.Equal(["other.io/keep"], (await Cluster.Client.GetAsync<Widget>(Cluster.Key("a"), Token))!.Metadata.Finalizers);
    }
}

public sealed class FakeServerFinalizerWriterTests(FakeApiServer server) : FinalizerWriterSuite(server);

public sealed class RealServerFinalizerWriterTests(ApiServer server) : FinalizerWriterSuite(server);
