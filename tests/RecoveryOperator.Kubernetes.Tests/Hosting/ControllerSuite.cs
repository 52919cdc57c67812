using System.Collections.Concurrent;
using System.Globalization;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Hosting;

public abstract class ControllerSuite(ITestApiServer server) : ControllerHarness(server)
{
    [Fact]
    public async Task An_object_is_reconciled_when_it_is_made_and_when_it_changes()
    {
        await Cluster.CreateWidgetAsync("before", Token);
        await StartAsync();
        await Eventually.HoldsAsync(() => Behaviour.Count("before") == 1, Token);
        await Cluster.ResizeAsync("before", 5, Token);
        await Eventually.HoldsAsync(() => Behaviour.Reconciled.Any(w => w.Spec.Size == 5), Token);
    }

    [Fact]
    public async Task A_fault_is_told_as_an_event_and_tried_again_with_growing_waits()
    {
        var visits = new ConcurrentQueue<long>();
        Behaviour.OnReconcile = (w, _) =>
        {
            visits.Enqueue(TimeProvider.System.GetTimestamp());
            return visits.Count < 5
                ? throw new InvalidOperationException("the vault is away")
                : Task.FromResult(ReconciliationResult<Widget>.Success(w));
        };
        await StartAsync();
        await Cluster.CreateWidgetAsync("a", Token);
        await Eventually.HoldsAsync(() => visits.Count == 5, Token);
        // 50, 100, 200 and 400 ms, each at least.
        Assert.True(TimeProvider.System.GetElapsedTime(visits.First(), visits.Last()) >= TimeSpan.FromMilliseconds(740));
        await Eventually.HoldsAsync(
            async () => (await Cluster.Client.ListAsync<Corev1Event>(new(Cluster.Namespace), 0, null, Token)).Items
                .Any(e => e.Reason == "ReconcileFailed" && e.Count == 4 && e.Message.Contains("the vault is away", StringComparison.Ordinal)),
            Token);
    }

    [Fact]
    public async Task A_result_says_when_to_look_again()
    {
        Behaviour.OnReconcile = (w, _) => Task.FromResult(Behaviour.Count("a") switch
        {
            1 => ReconciliationResult<Widget>.Success(w, TimeSpan.FromMilliseconds(20)),
            2 => ReconciliationResult<Widget>.Failure(w, "the policy is missing: create it", requeueAfter: TimeSpan.FromMilliseconds(20)),
            _ => ReconciliationResult<Widget>.Success(w),
        });
        await StartAsync();
        await Cluster.CreateWidgetAsync("a", Token);
        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 3, Token);
    }

    [Fact]
    public async Task A_trigger_from_outside_leads_to_a_visit()
    {
        await Cluster.CreateWidgetAsync("a", Token);
        var host = await StartAsync();
        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 1, Token);
        host.Services.GetRequiredService<IReconcileTrigger<Widget>>().Enqueue(Cluster.Key("a"));
        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 2, Token);
    }

    [Fact]
    public async Task A_change_of_another_kind_leads_to_a_visit_of_the_objects_it_concerns()
    {
        await Cluster.CreateWidgetAsync("a", Token);
        await Cluster.CreateWidgetAsync("b", Token, size: 8);
        await StartAsync(c => c
            .WithIndex("size", w => [w.Spec.Size.ToString(CultureInfo.InvariantCulture)])
            .Watches<V1ConfigMap>((map, services) => services.GetRequiredService<IObjectReader<Widget>>()
                .ByIndex("size", map.Data?["size"] ?? "none").Select(w => NamespacedName.Of(w))));
        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 1 && Behaviour.Count("b") == 1, Token);
        await Cluster.Client.CreateAsync(
            new V1ConfigMap
            {
                Metadata = new() { NamespaceProperty = Cluster.Namespace, Name = "limits" },
                Data = new Dictionary<string, string> { ["size"] = "8" },
            },
            Token);
        await Eventually.HoldsAsync(() => Behaviour.Count("b") == 2, Token);
        Assert.Equal(1, Behaviour.Count("a"));
    }

    [Fact]
    public async Task One_object_is_never_worked_on_twice_at_once()
    {
        var (now, overlaps) = (new ConcurrentDictionary<string, int>(), 0);
        Behaviour.OnReconcile = async (w, _) =>
        {
            if (now.AddOrUpdate(w.Metadata.Name, 1, (_, n) => n + 1) > 1)
                Interlocked.Increment(ref overlaps);
            await Task.Yield();
            now.AddOrUpdate(w.Metadata.Name, 0, (_, n) => n - 1);
            return ReconciliationResult<Widget>.Success(w);
        };
        var host = await StartAsync(c => c.WithOptions(Fast with { Workers = 8 }));
        var trigger = host.Services.GetRequiredService<IReconcileTrigger<Widget>>();
        await Cluster.CreateWidgetAsync("a", Token);
        await Cluster.CreateWidgetAsync("b", Token);
        await Eventually.HoldsAsync(
            () =>
            {
                trigger.Enqueue(Cluster.Key("a"));
                trigger.Enqueue(Cluster.Key("b"));
                return Behaviour.Count("a") > 20 && Behaviour.Count("b") > 20;
            },
            Token);
        Assert.Equal(0, overlaps);
    }

    [Fact]
    public async Task What_a_controller_does_to_its_copy_is_not_seen_by_others()
    {
        Behaviour.OnReconcile = (w, _) =>
        {
            w.Spec.Owner = "changed by the controller";
            return Task.FromResult(ReconciliationResult<Widget>.Success(w));
        };
        var host = await StartAsync();
        await Cluster.CreateWidgetAsync("a", Token);
        await Eventually.HoldsAsync(() => Behaviour.Count("a") == 1, Token);
        Assert.Null(host.Services.GetRequiredService<IObjectReader<Widget>>().Get(Cluster.Key("a"))!.Spec.Owner);
    }

    [Fact]
    public void Two_controllers_for_one_kind_are_refused()
    {
        var services = new ServiceCollection();
        services.AddController<Widget, WidgetController>();
        Assert.Throws<InvalidOperationException>(() => services.AddController<Widget, WidgetController>());
    }
}

public sealed class FakeServerControllerTests(FakeApiServer server) : ControllerSuite(server);

public sealed class RealServerControllerTests(ApiServer server) : ControllerSuite(server);
