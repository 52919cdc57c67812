using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Tests.Servers;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Events;

public abstract class EventRecorderSuite(ITestApiServer server) : ClusterSuite(server)
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Fact]
    public async Task The_same_event_again_counts_up_the_one_that_is_there()
    {
        var (recorder, widget) = await StartAsync();
        recorder.Publish(widget, EventType.Warning, "TooSmall", "It is too small: enlarge it.");
        _time.Advance(TimeSpan.FromMinutes(2));
        recorder.Publish(widget, EventType.Warning, "TooSmall", "It is too small: enlarge it.");
        recorder.Publish(widget, EventType.Warning, "TooSmall", "It is too small: enlarge it.");
        recorder.Publish(widget, EventType.Normal, "Made", "It is made.");
        await Eventually.HoldsAsync(async () => await EventsAsync() is { Count: 2 } all && all.Any(e => e.Count == 3), Token);
        var counted = (await EventsAsync()).Single(e => e.Count == 3);
        Assert.Equal(("Warning", "TooSmall", widget.Metadata.Uid), (counted.Type, counted.Reason, counted.InvolvedObject.Uid));
        Assert.Equal(TimeSpan.FromMinutes(2), counted.LastTimestamp - counted.FirstTimestamp);
    }

    [Fact]
    public async Task An_event_after_a_long_pause_or_that_the_server_forgot_is_told_anew()
    {
        var (recorder, widget) = await StartAsync();
        recorder.Publish(widget, EventType.Normal, "Made", "It is made.");
        await Eventually.HoldsAsync(async () => (await EventsAsync()).Count == 1, Token);
        await Cluster.Client.DeleteAsync<Corev1Event>(Cluster.Key((await EventsAsync())[0].Metadata.Name), Token);
        recorder.Publish(widget, EventType.Normal, "Made", "It is made.");
        await Eventually.HoldsAsync(async () => (await EventsAsync()).Count == 1, Token);
        _time.Advance(TimeSpan.FromMinutes(11));
        recorder.Publish(widget, EventType.Normal, "Made", "It is made.");
        await Eventually.HoldsAsync(async () => (await EventsAsync()).Count == 2, Token);
        Assert.All(await EventsAsync(), e => Assert.Equal(1, e.Count));
    }

    [Fact]
    public async Task An_object_may_have_only_so_many_events_of_a_reason_at_once_and_others_are_not_affected()
    {
        var (recorder, widget) = await StartAsync(burst: 3);
        var other = await Cluster.CreateWidgetAsync("other", Token);
        for (var i = 0; i < 10; i++)
            recorder.Publish(widget, EventType.Normal, "Noise", $"number {i}");
        recorder.Publish(widget, EventType.Warning, "Broken", "What happens once is told.");
        recorder.Publish(other, EventType.Normal, "Made", "It is made.");
        await Eventually.HoldsAsync(async () => (await EventsAsync()).Any(e => e.InvolvedObject.Name == "other"), Token);
        Assert.Equal(3, (await EventsAsync()).Count(e => e.Reason == "Noise"));
        Assert.Single(await EventsAsync(), e => e.Reason == "Broken");
        _time.Advance(TimeSpan.FromMinutes(1));
        recorder.Publish(widget, EventType.Normal, "Noise", "after a while");
        await Eventually.HoldsAsync(async () => (await EventsAsync()).Any(e => e.Message == "after a while"), Token);
    }

    [Fact]
    public async Task An_outage_never_reaches_the_caller_and_later_events_are_written()
    {
        var (recorder, widget) = await StartAsync();
        Cluster.Faults.BreakDown();
        recorder.Publish(widget, EventType.Normal, "Lost", "Nobody will see it.");
        await Eventually.HoldsAsync(() => Cluster.Faults.Requests > 0, Token);
        Cluster.Faults.Recover();
        recorder.Publish(widget, EventType.Normal, "Made", new string('x', 5000));
        await Eventually.HoldsAsync(async () => (await EventsAsync()).Any(e => e.Reason == "Made"), Token);
        Assert.Equal(1024, (await EventsAsync()).Single(e => e.Reason == "Made").Message.Length);
    }

    private async Task<(EventRecorder Recorder, Widget Widget)> StartAsync(int burst = 25)
    {
        var recorder = new EventRecorder(
            Cluster.DisturbedClient,
            new EventRecorderOptions { Component = "widget-operator", Instance = "test", Burst = burst },
            _time,
            Cluster.Instruments,
            Cluster.Logs.CreateLogger<EventRecorder>());
        await recorder.StartAsync(Token);
        StopAtTheEnd(recorder);
        return (recorder, await Cluster.CreateWidgetAsync("a", Token));
    }

    private async Task<IReadOnlyList<Corev1Event>> EventsAsync() =>
        (await Cluster.Client.ListAsync<Corev1Event>(new(Cluster.Namespace), 0, null, Token)).Items;
}

public sealed class FakeServerEventRecorderTests(FakeApiServer server) : EventRecorderSuite(server);

public sealed class RealServerEventRecorderTests(ApiServer server) : EventRecorderSuite(server);
