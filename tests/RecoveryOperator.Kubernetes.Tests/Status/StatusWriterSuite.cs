using k8s.Models;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Kubernetes.Tests.Servers;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Status;

public abstract class StatusWriterSuite(ITestApiServer server) : ClusterSuite(server)
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private StatusWriter Writer => field ??= new(Cluster.DisturbedClient, "widget-operator", Cluster.Instruments, TimeProvider.System);

    [Fact]
    public async Task A_changed_status_is_applied_and_an_equal_one_is_skipped()
    {
        var widget = await Cluster.CreateWidgetAsync("a", Token);
        Assert.True(await Writer.ApplyAsync(widget, Status("Small"), Token));
        widget = await ReadAsync("a");
        Assert.Equal("Small", widget.Status!.Phase);
        Assert.Equal("Ready", Assert.Single(widget.Status!.Conditions!).Type);
        Assert.False(await Writer.ApplyAsync(widget, Status("Small"), Token));
        Assert.True(await Writer.ApplyAsync(widget, Status("Large"), Token));
        Assert.Equal("Large", (await ReadAsync("a")).Status!.Phase);
        Assert.Equal(2, Cluster.Faults.Patches);
    }

    [Fact]
    public async Task A_copy_that_lags_behind_its_own_write_neither_writes_twice_nor_hides_a_change_back()
    {
        await Writer.ApplyAsync(await Cluster.CreateWidgetAsync("a", Token), Status("Small"), Token);
        var read = await ReadAsync("a");
        Assert.True(await Writer.ApplyAsync(read, Status("Large"), Token));
        Assert.False(await Writer.ApplyAsync(read, Status("Large"), Token));
        Assert.True(await Writer.ApplyAsync(read, Status("Small"), Token));
        Assert.Equal("Small", (await ReadAsync("a")).Status!.Phase);
    }

    [Fact]
    public async Task A_status_is_written_as_read_over_its_own_writes_and_not_over_anothers()
    {
        var read = await Cluster.CreateWidgetAsync("a", Token);
        Assert.True(await Writer.ApplyAsReadAsync(read, Status("Small"), Token));
        Assert.True(await Writer.ApplyAsReadAsync(read, Status("Large"), Token));
        await Cluster.ResizeAsync("a", 9, Token);

        var refused = await Assert.ThrowsAsync<ResourceRequestException>(() => Writer.ApplyAsReadAsync(read, Status("Late"), Token));

        Assert.True(refused.IsConflict, refused.Message);
        Assert.Equal("Large", (await ReadAsync("a")).Status!.Phase);
        Assert.True(await Writer.ApplyAsReadAsync(await ReadAsync("a"), Status("Late"), Token));
    }

    [Fact]
    public async Task What_another_manager_wrote_stays_and_is_no_difference()
    {
        var widget = await Cluster.CreateWidgetAsync("a", Token);
        await ApplyAsOtherAsync(
            "a",
            """{"note":"seen","conditions":[{"type":"Audited","status":"True","reason":"Fine","message":"Seen.","lastTransitionTime":"2026-01-01T00:00:00Z"}]}""");
        Assert.True(await Writer.ApplyAsync(widget, Status("Small"), Token));
        widget = await ReadAsync("a");
        Assert.Equal("seen", widget.Status!.Note);
        Assert.Equal(["Audited", "Ready"], widget.Status!.Conditions!.Select(c => c.Type).Order());
        Assert.False(await Writer.ApplyAsync(widget, Status("Small"), Token));
        Assert.True(await Writer.ApplyAsync(widget, Status("Large"), Token));
        widget = await ReadAsync("a");
        Assert.Equal("seen", widget.Status!.Note);
        Assert.Equal(2, widget.Status!.Conditions!.Count);
    }

    [Fact]
    public async Task A_field_and_a_condition_no_longer_given_are_removed()
    {
        var widget = await Cluster.CreateWidgetAsync("a", Token);
        var status = Status("Small");
        status.SizeBytes = 5;
        Conditions.Set(status.Conditions!, new V1Condition { Type = "Stalled", Status = "True", Reason = "Why", Message = "" }, s_now);
        await Writer.ApplyAsync(widget, status, Token);
        widget = await ReadAsync("a");
        Assert.Equal(2, widget.Status!.Conditions!.Count);
        Assert.True(await Writer.ApplyAsync(widget, Status("Small"), Token));
        widget = await ReadAsync("a");
        Assert.Null(widget.Status!.SizeBytes);
        Assert.Equal("Ready", Assert.Single(widget.Status!.Conditions!).Type);
        Assert.False(await Writer.ApplyAsync(widget, Status("Small"), Token));
    }

    [Fact]
    public async Task An_empty_status_is_not_written_to_a_new_object()
    {
        var widget = await Cluster.CreateWidgetAsync("a", Token);
        Assert.False(await Writer.ApplyAsync(widget, new WidgetStatus(), Token));
    }

    [Fact]
    public async Task A_status_changed_in_place_is_refused_since_nothing_is_left_to_compare()
    {
        await Writer.ApplyAsync(await Cluster.CreateWidgetAsync("a", Token), Status("Small"), Token);
        var widget = await ReadAsync("a");
        widget.Status!.Phase = "Large";
        await Assert.ThrowsAsync<ArgumentException>(() => Writer.ApplyAsync(widget, widget.Status!, Token));
    }

    [Fact]
    public async Task Empty_texts_are_left_out_and_zeroes_are_kept()
    {
        var status = Status("");
        status.SizeBytes = 0;
        status.Note = "";
        Conditions.Set(status.Conditions!, new V1Condition { Type = "Stalled", Status = "False", Reason = "Fine", Message = "" }, s_now);
        Assert.True(await Writer.ApplyAsync(await Cluster.CreateWidgetAsync("a", Token), status, Token));
        var widget = await ReadAsync("a");
        Assert.Equal((null, 0), (widget.Status!.Phase, widget.Status!.SizeBytes));
        Assert.Equal("Fine", Conditions.Find(widget.Status!.Conditions, "Stalled")!.Message);
        Assert.False(await Writer.ApplyAsync(widget, status, Token));
    }

    [Fact]
    public async Task An_object_that_is_gone_is_not_made_again()
    {
        var widget = await Cluster.CreateWidgetAsync("a", Token);
        await Cluster.Client.DeleteAsync<Widget>(Cluster.Key("a"), Token);
        var refused = await Assert.ThrowsAsync<ResourceRequestException>(() => Writer.ApplyAsync(widget, Status("Small"), Token));
        Assert.True(refused.IsNotFound, refused.Message);
    }

    private static WidgetStatus Status(string phase)
    {
        var status = new WidgetStatus { Phase = phase, Conditions = [] };
        Conditions.Set(status.Conditions, new V1Condition { Type = "Ready", Status = "True", Reason = "Made", Message = "It is made." }, s_now);
        return status;
    }

    private async Task<Widget> ReadAsync(string name) => (await Cluster.Client.GetAsync<Widget>(Cluster.Key(name), Token))!;

    private Task<Widget> ApplyAsOtherAsync(string name, string status) => Cluster.Client.ApplyAsync<Widget>(
        Cluster.Key(name),
        $$"""{"apiVersion":"test.recoveryoperator.io/v1","kind":"Widget","metadata":{"name":"{{name}}"},"status":{{status}} }""",
        "auditor",
        "status",
        Token);
}

public sealed class FakeServerStatusWriterTests(FakeApiServer server) : StatusWriterSuite(server);

public sealed class RealServerStatusWriterTests(ApiServer server) : StatusWriterSuite(server);
