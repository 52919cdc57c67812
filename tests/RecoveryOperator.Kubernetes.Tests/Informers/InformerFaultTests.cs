using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Informers;

/// <summary>
/// What only the fake can be brought to, on a fake of its own: a kube-apiserver answers an outdated watch within the stream and never
/// by HTTP status, lets continue tokens expire only after minutes, stores nothing that does not fit the schema, and does not fall
/// silent on request.
/// </summary>
public sealed class InformerFaultTests : InformerHarness
{
    private readonly FakeApiServer _server;

    public InformerFaultTests()
        : this(new FakeApiServer())
    {
    }

    private InformerFaultTests(FakeApiServer server)
        : base(server) => _server = server;

    [Fact]
    public async Task A_410_as_http_status_leads_to_a_new_list()
    {
        await Cluster.CreateWidgetAsync("a", Token);
        var informer = await StartAsync();
        Cluster.Faults.BreakDown();
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("a"), Token);
        _server.AnswerWatchesWith410(2);
        Cluster.Faults.Recover();
        await Eventually.HoldsAsync(() => Cluster.Faults.Lists >= 4, Token);
        Assert.Null(informer.Get(Cluster.Key("a")));
        await Cluster.CreateWidgetAsync("b", Token);
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("b")) is not null, Token);
    }

    [Fact]
    public async Task A_410_within_an_open_stream_leads_to_a_new_list()
    {
        await StartAsync();
        await Eventually.HoldsAsync(
            () =>
            {
                _server.EndWatchesWith410InStream();
                return Cluster.Faults.Lists >= 2;
            },
            Token);
    }

    [Fact]
    public async Task A_continue_token_that_expires_is_answered_by_one_full_list()
    {
        for (var i = 0; i < 5; i++)
            await Cluster.CreateWidgetAsync($"w{i}", Token);
        _server.ExpireContinueTokens(1);
        var informer = await StartAsync(Fast with { PageSize = 2 });
        Assert.Equal(5, informer.List().Count);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_left_at_the_watchdogs_limit()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _server.Silence(true);
        await Cluster.CreateWidgetAsync("a", Token);
        var informer = await StartAsync(Fast, time);
        await Cluster.ResizeAsync("a", 5, Token);
        _server.Silence(false);
        time.Advance(TimeSpan.FromSeconds(120 + 24 + 15));
        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return informer.Get(Cluster.Key("a"))?.Spec.Size == 5;
            },
            Token);
        Assert.Equal(2, Cluster.Faults.Lists);
    }

    [Fact]
    public async Task A_server_that_hangs_up_at_once_is_not_asked_in_a_hot_loop()
    {
        await StartAsync(Fast with { BackoffInitial = TimeSpan.FromMilliseconds(200), BackoffMaximum = TimeSpan.FromSeconds(10) });
        var before = Cluster.Faults.Watches;
        var started = TimeProvider.System.GetTimestamp();
        await Eventually.HoldsAsync(
            () =>
            {
                _server.EndWatches();
                return TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(2);
            },
            Token);
        Assert.InRange(Cluster.Faults.Watches - before, 1, 10);
    }

    [Fact]
    public async Task A_bookmark_moves_the_place_from_which_the_next_watch_goes_on()
    {
        var informer = await StartAsync();
        await Cluster.Client.CreateAsync(new k8s.Models.V1ConfigMap { Metadata = new() { NamespaceProperty = Cluster.Namespace, Name = "elsewhere" } }, Token);
        await Eventually.HoldsAsync(
            () =>
            {
                _server.SendBookmarks();
                return informer.ResourceVersion is { } version && int.Parse(version, System.Globalization.CultureInfo.InvariantCulture) >= 102;
            },
            Token);
    }

    [Fact]
    public async Task An_object_that_does_not_fit_its_type_hides_only_itself_and_is_not_taken_for_deleted()
    {
        await Cluster.CreateWidgetAsync("good", Token);
        await Cluster.CreateWidgetAsync("spoilt", Token);
        var informer = await StartAsync();
        Cluster.Faults.BreakDown();
        await SpoilAsync("spoilt");
        Cluster.Faults.Recover();
        await Eventually.HoldsAsync(() => Cluster.Faults.Lists >= 2, Token);
        await Cluster.ResizeAsync("good", 8, Token);
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("good"))?.Spec.Size == 8, Token);
        Assert.Equal(1, informer.Get(Cluster.Key("spoilt"))?.Spec.Size);
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("spoilt"), Token);
        await Eventually.HoldsAsync(() => informer.Get(Cluster.Key("spoilt")) is null, Token);
    }

    /// <summary>Its answer cannot be decoded either.</summary>
    private Task<System.Text.Json.JsonException> SpoilAsync(string name) => Assert.ThrowsAsync<System.Text.Json.JsonException>(() =>
        Cluster.Client.MergePatchAsync<Widget>(Cluster.Key(name), """{"spec":{"size":"large"}}""", null, Token));

    protected override ValueTask DisposeServerAsync() => _server.DisposeAsync();
}
