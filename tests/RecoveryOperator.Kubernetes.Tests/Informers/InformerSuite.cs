using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Informers;

public abstract class InformerSuite(ITestApiServer server) : InformerHarness(server)
{
    [Fact]
    public async Task Creation_change_and_deletion_are_seen()
    {
        await Cluster.CreateWidgetAsync("before", Token);
        var informer = await StartAsync();
        Assert.NotNull(informer.Get(Cluster.Key("before")));
        await Cluster.CreateWidgetAsync("during", Token);
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("during")) is not null, Token);
        await Cluster.ResizeAsync("during", 7, Token);
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("during"))?.Spec.Size == 7, Token);
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("during"), Token);
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("during")) is null, Token);
        Assert.Equal(["added", "changed", "deleted"], Story("during"));
        Assert.Equal(1, Cluster.Faults.Lists);
    }

    [Fact]
    public async Task A_deletion_missed_while_the_server_was_away_is_told_after_it_is_back()
    {
        await Cluster.CreateWidgetAsync("stays", Token);
        await Cluster.CreateWidgetAsync("goes", Token);
        var informer = await StartAsync();
        Cluster.Faults.BreakDown();
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("goes"), Token);
        await Cluster.ResizeAsync("stays", 9, Token);
        Cluster.Faults.Recover();
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("goes")) is null, Token);
        Assert.Equal(["added", "deleted"], Story("goes"));
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("stays"))?.Spec.Size == 9, Token);
        Assert.Equal(["added", "changed"], Story("stays"));
    }

    [Fact]
    public async Task A_namesake_made_while_the_server_was_away_is_a_deletion_and_an_addition()
    {
        await Cluster.CreateWidgetAsync("phoenix", Token);
        var informer = await StartAsync();
        Cluster.Faults.BreakDown();
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("phoenix"), Token);
        var second = await Cluster.CreateWidgetAsync("phoenix", Token);
        Cluster.Faults.Recover();
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("phoenix"))?.Metadata.Uid == second.Metadata.Uid, Token);
        Assert.Equal(["added", "deleted", "added"], Story("phoenix"));
    }

    [Fact]
    public async Task A_410_within_the_stream_leads_to_a_new_list()
    {
        await Cluster.CreateWidgetAsync("a", Token);
        var informer = await StartAsync();
        Cluster.Faults.BreakDown();
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("a"), Token);
        Cluster.Faults.RewriteNextWatchVersion("1");
        Cluster.Faults.Recover();
        await Eventually.HoldsAsync(() => Cluster.Faults.Lists >= 3 && Cluster.Faults.Watches >= 3, Token);
        Assert.Null(informer.Get(Cluster.Key("a")));
        await Cluster.CreateWidgetAsync("b", Token);
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("b")) is not null, Token);
    }

    [Fact]
    public async Task A_silent_watch_is_found_by_the_watchdog_and_what_it_hid_is_seen()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await Cluster.CreateWidgetAsync("hidden", Token);
        Cluster.Faults.SilentWatches = true;
        var informer = await StartAsync(Fast with { WatchTimeout = TimeSpan.FromMinutes(2), WatchdogGrace = TimeSpan.FromSeconds(15) }, time);
        await Eventually.HoldsAsync(() => Cluster.Faults.Watches == 1, Token);
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("hidden"), Token);
        time.Advance(TimeSpan.FromSeconds(119));
        Assert.NotNull(informer.Get(Cluster.Key("hidden")));
        Cluster.Faults.SilentWatches = false;
        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return informer.Get(Cluster.Key("hidden")) is null;
            },
            Token);
        Assert.Equal(["added", "deleted"], Story("hidden"));
    }

    [Fact]
    public async Task A_watch_that_ends_at_its_time_goes_on_without_a_new_list()
    {
        var informer = await StartAsync(Fast with { WatchTimeout = TimeSpan.FromSeconds(1) });
        await Eventually.HoldsAsync(() => Cluster.Faults.Watches >= 3, Token);
        await Cluster.CreateWidgetAsync("later", Token);
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("later")) is not null, Token);
        Assert.Equal(1, Cluster.Faults.Lists);
    }

    [Fact]
    public async Task A_long_list_is_read_in_pages_and_nothing_is_lost()
    {
        for (var i = 0; i < 25; i++)
            await Cluster.CreateWidgetAsync($"w{i:00}", Token);
        var informer = await StartAsync(Fast with { PageSize = 10 });
        Assert.Equal(25, informer.List().Count);
        Assert.Equal(3, Cluster.Faults.Lists);
    }

    [Fact]
    public async Task An_outage_is_not_met_with_a_hot_loop()
    {
        await StartAsync(Fast with { BackoffInitial = TimeSpan.FromMilliseconds(100), BackoffMaximum = TimeSpan.FromSeconds(30) });
        var before = Cluster.Faults.Requests;
        Cluster.Faults.BreakDown();
        var started = TimeProvider.System.GetTimestamp();
        await Eventually.HoldsAsync(() => TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(3), Token);
        // 100 ms doubled: about 5 attempts in 3 s; twice that with the luckiest jitter.
        Assert.InRange(Cluster.Faults.Requests - before, 1, 10);
    }

    [Fact]
    public async Task Objects_are_found_by_index_and_leave_it_when_they_change()
    {
        var informer = NewInformer(Fast, TimeProvider.System);
        informer.AddIndex("size", w => [w.Spec.Size.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        InBackground(informer.RunAsync);
        await Cluster.CreateWidgetAsync("a", Token, size: 3);
        await Eventually.HoldsAsync(() => informer.ByIndex("size", "3").Count == 1, Token);
        await Cluster.ResizeAsync("a", 4, Token);
        await Eventually.HoldsAsync(() => informer.ByIndex("size", "4").Count == 1, Token);
        Assert.Empty(informer.ByIndex("size", "3"));
        Assert.Throws<ArgumentException>(() => informer.ByIndex("colour", "red"));
    }

    [Fact]
    public async Task A_faulty_index_or_handler_does_not_keep_the_others_from_their_objects()
    {
        var informer = NewInformer(Fast, TimeProvider.System);
        informer.AddIndex("faulty", w => w.Spec.Size == 1 ? throw new InvalidOperationException("faulty index") : ["ok"]);
        informer.Subscribe(_ => throw new InvalidOperationException("faulty handler"));
        var told = new System.Collections.Concurrent.ConcurrentQueue<string>();
        informer.Subscribe(e => told.Enqueue(e.Key.Name));
        InBackground(informer.RunAsync);
        await Cluster.CreateWidgetAsync("a", Token, size: 1);
        await Cluster.CreateWidgetAsync("b", Token, size: 2);
        await Eventually.HoldsAsync(() => told.Count == 2, Token);
        Assert.Equal("b", Assert.Single(informer.ByIndex("faulty", "ok")).Metadata.Name);
        Assert.Equal(1, Cluster.Faults.Lists);
    }

    [Fact]
    public async Task A_late_subscriber_is_told_of_every_object_once()
    {
        await Cluster.CreateWidgetAsync("a", Token);
        var informer = await StartAsync();
        var late = new List<string>();
        using (informer.Subscribe(e => late.Add(e.Key.Name)))
            Assert.Equal(["a"], late);
    }

    [Fact]
    public async Task A_resync_tells_every_object_again()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await Cluster.CreateWidgetAsync("a", Token);
        await StartAsync(Fast with { ResyncPeriod = TimeSpan.FromMinutes(1) }, time);
        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(["added", "resynced"], Story("a"));
    }

    [Fact]
    public async Task Built_in_kinds_are_watched_the_same_way_and_by_label()
    {
        var informer = new Informer<V1Secret>(
            Cluster.DisturbedClient,
            Fast with { Query = new(Cluster.Namespace, "purpose=vault") },
            TimeProvider.System,
            Cluster.Instruments,
            Cluster.Logs.CreateLogger<Informer<V1Secret>>());
        await CreateSecretAsync("wanted", "vault");
        await CreateSecretAsync("other", "else");
        InBackground(informer.RunAsync);
        await informer.WaitForSyncAsync(Token);
        Assert.Equal("wanted", Assert.Single(informer.List()).Metadata.Name);
        Assert.Equal("Secret", informer.List()[0].Kind);
        await Cluster.Client.DeleteAsync<V1Secret>(Cluster.Key("wanted"), Token);
        await Eventually.HoldsAsync(() => informer.List().Count == 0, Token);
    }

    private Task<V1Secret> CreateSecretAsync(string name, string purpose) => Cluster.Client.CreateAsync(
        new V1Secret
        {
            Metadata = new() { NamespaceProperty = Cluster.Namespace, Name = name, Labels = new Dictionary<string, string> { ["purpose"] = purpose } },
            StringData = new Dictionary<string, string> { ["key"] = "value" },
        },
        Token);
}

public sealed class FakeServerInformerTests(FakeApiServer server) : InformerSuite(server);

public sealed class RealServerInformerTests(ApiServer server) : InformerSuite(server);
