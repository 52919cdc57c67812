using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Leadership;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Hosting;

/// <summary>When a controller may work, and how its work ends.</summary>
public abstract class ControllerEndSuite(ITestApiServer server) : ControllerHarness(server)
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_shutdown_cancels_work_in_hand_and_waits_for_it()
    {
        Behaviour.OnReconcile = WorkForEverAsync;
        var host = await StartAsync();
        await Cluster.CreateWidgetAsync("a", Token);
        await _entered.Task.WaitAsync(Eventually.Deadline, Token);
        await host.StopAsync(Token);
        Assert.True(_left.Task.IsCompleted);
        Assert.Equal(0, Terminator.Terminations);
    }

    [Fact]
    public async Task A_lost_lease_cancels_work_in_hand_before_the_process_ends()
    {
        Behaviour.OnReconcile = WorkForEverAsync;
        var cancelledFirst = false;
        Terminator.AtTermination = () => (false, cancelledFirst = _left.Task.IsCompleted);
        await StartAsync(leadership: new LeadershipOptions
        {
            Namespace = Cluster.Namespace,
            LeaseDuration = TimeSpan.FromSeconds(6),
            RenewDeadline = TimeSpan.FromSeconds(2),
            RetryPeriod = TimeSpan.FromMilliseconds(200),
            TerminationGrace = TimeSpan.FromSeconds(2),
        });
        await Cluster.CreateWidgetAsync("a", Token);
        await _entered.Task.WaitAsync(Eventually.Deadline, Token);
        Cluster.Faults.BreakDown();
        await Eventually.HoldsAsync(() => Terminator.Terminations == 1, Token);
        Assert.True(cancelledFirst);
    }

    [Fact]
    public async Task A_reconcile_that_takes_too_long_is_cancelled_and_tried_again()
    {
        Behaviour.OnReconcile = WorkForEverAsync;
        await StartAsync(c => c.WithOptions(Fast with { ReconcileTimeout = TimeSpan.FromMilliseconds(100) }));
        await Cluster.CreateWidgetAsync("a", Token);
        await Eventually.HoldsAsync(() => Behaviour.Count("a") >= 2, Token);
    }

    [Fact]
    public async Task Nothing_is_reconciled_while_another_leads()
    {
        await Cluster.Client.CreateAsync(
            new V1Lease
            {
                Metadata = new() { NamespaceProperty = Cluster.Namespace, Name = "recovery-operator" },
                Spec = new() { HolderIdentity = "another", LeaseDurationSeconds = 600, AcquireTime = DateTime.UtcNow, RenewTime = DateTime.UtcNow },
            },
            Token);
        await Cluster.CreateWidgetAsync("a", Token);
        var host = await StartAsync(leadership: new LeadershipOptions { Namespace = Cluster.Namespace, RetryPeriod = TimeSpan.FromMilliseconds(50) });
        await Eventually.HoldsAsync(() => host.Services.GetRequiredService<IObjectReader<Widget>>().List().Count == 1, Token);
        Assert.False(host.Services.GetRequiredService<ILeadership>().IsLeader);
        Assert.Empty(Behaviour.Reconciled);
        await Cluster.Client.MergePatchAsync<V1Lease>(
            Cluster.Key("recovery-operator"), """{"spec":{"holderIdentity":"","leaseDurationSeconds":1}}""", null, Token);
        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 1, Token);
    }

    private async Task<ReconciliationResult<Widget>> WorkForEverAsync(Widget widget, CancellationToken cancellationToken)
    {
        _entered.TrySetResult();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            _left.TrySetResult();
        }

        return ReconciliationResult<Widget>.Success(widget);
    }
}

public sealed class FakeServerControllerEndTests(FakeApiServer server) : ControllerEndSuite(server);

public sealed class RealServerControllerEndTests(ApiServer server) : ControllerEndSuite(server);
