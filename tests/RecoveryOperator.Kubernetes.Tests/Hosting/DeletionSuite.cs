using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Hosting;

public abstract class DeletionSuite(ITestApiServer server) : ControllerHarness(server)
{
    [Fact]
    public async Task A_finalizer_is_added_first_done_at_deletion_and_then_removed()
    {
        Behaviour.OnFinalize = (w, _) => Task.FromResult(Behaviour.Finalized.Count == 1
            ? ReconciliationResult<Widget>.Success(w, TimeSpan.FromMilliseconds(50))
            : ReconciliationResult<Widget>.Success(w));
        await StartAsync(c => c.WithFinalizer<WidgetFinalizer>(WidgetFinalizer.Name));
        await DeleteOnceReconciledAsync();
        await Eventually.HoldsAsync(() => Behaviour.Deleted.Count == 1, Token);
        Assert.True(Behaviour.Finalized.Count >= 2, "the duty was not asked for again though it was not done");
        Assert.All(Behaviour.Finalized, w => Assert.NotNull(w.Metadata.DeletionTimestamp));
        Assert.All(Behaviour.Reconciled, w => Assert.Null(w.Metadata.DeletionTimestamp));
        Assert.All(Behaviour.Reconciled, w => Assert.Contains(WidgetFinalizer.Name, w.Metadata.Finalizers));
    }

    [Fact]
    public async Task A_finalizer_that_fails_keeps_the_object_and_is_asked_again()
    {
        Behaviour.OnFinalize = (w, _) => Behaviour.Finalized.Count < 3
            ? throw new InvalidOperationException("not yet")
            : Task.FromResult(ReconciliationResult<Widget>.Success(w));
        await StartAsync(c => c.WithFinalizer<WidgetFinalizer>(WidgetFinalizer.Name));
        await DeleteOnceReconciledAsync();
        Assert.True(Behaviour.Finalized.Count >= 3);
    }

    [Fact]
    public async Task Without_a_finalizer_the_controller_is_told_of_the_last_known_state()
    {
        await StartAsync();
        await Cluster.CreateWidgetAsync("a", Token, size: 6);
        await Eventually.HoldsAsync(() => Behaviour.Count("a") >= 1, Token);
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("a"), Token);
        await Eventually.HoldsAsync(() => Behaviour.Deleted.Count == 1, Token);
        Assert.Equal(6, Behaviour.Deleted.Single().Spec.Size);
    }

    private async Task DeleteOnceReconciledAsync()
    {
        await Cluster.CreateWidgetAsync("a", Token);
        await Eventually.HoldsAsync(() => Behaviour.Count("a") >= 1, Token);
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("a"), Token);
        await Eventually.HoldsAsync(async () => await Cluster.Client.GetAsync<Widget>(Cluster.Key("a"), Token) is null, Token);
    }
}

public sealed class FakeServerDeletionTests(FakeApiServer server) : DeletionSuite(server);

public sealed class RealServerDeletionTests(ApiServer server) : DeletionSuite(server);
