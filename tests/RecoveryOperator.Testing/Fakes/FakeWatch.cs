using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace RecoveryOperator.Testing.Fakes;

/// <summary>Serves watches from a store, well or badly as told.</summary>
internal sealed class FakeWatch(FakeStore store)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<Signal> _signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _gone;

    private enum Signal
    {
        End,
        Gone,
        Bookmark,
    }

    public int Gone
    {
        set => _gone = value;
    }

    public bool Silent { get; set; }

    public void EndAll(bool gone) => Send(gone ? Signal.Gone : Signal.End);

    public void SendBookmarks() => Send(Signal.Bookmark);

    public async Task ServeAsync(HttpContext context, FakeRequest request, CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _gone) >= 0)
            throw FakeFault.Gone();
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
        if (Silent)
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(int.Parse(context.Request.Query["timeoutSeconds"].ToString(), CultureInfo.InvariantCulture)));
        try
        {
            await FollowAsync(context, request, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time the client asked for is over: a normal end.
            return;
        }
    }

    private async Task FollowAsync(HttpContext context, FakeRequest request, CancellationToken cancellationToken)
    {
        var seen = long.Parse(context.Request.Query["resourceVersion"].ToString(), CultureInfo.InvariantCulture);
        if (seen < 100)
        {
            await WriteAsync(context, "ERROR", FakeFault.Gone().Status, cancellationToken);
            return;
        }

        while (true)
        {
            Task<Signal> signal;
            lock (_lock)
                signal = _signal.Task;
            var (changes, next) = store.Since(request, seen);
            foreach (var change in changes)
            {
                await WriteAsync(context, change.Type, change.Object, cancellationToken);
                seen = change.Version;
            }

            await Task.WhenAny(next, signal).WaitAsync(cancellationToken);
            if (signal.IsCompleted && !await ContinueAsync(context, await signal, cancellationToken))
                return;
        }
    }

    private async Task<bool> ContinueAsync(HttpContext context, Signal signal, CancellationToken cancellationToken)
    {
        if (signal == Signal.Gone)
            await WriteAsync(context, "ERROR", FakeFault.Gone().Status, cancellationToken);
        if (signal == Signal.Bookmark)
            await WriteAsync(context, "BOOKMARK", Bookmark(), cancellationToken);
        return signal == Signal.Bookmark;
    }

    private JsonObject Bookmark() =>
        new() { ["metadata"] = new JsonObject { ["resourceVersion"] = store.Version.ToString(CultureInfo.InvariantCulture) } };

    private void Send(Signal signal)
    {
        lock (_lock)
        {
            var waiting = _signal;
            _signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.SetResult(signal);
        }
    }

    private static async Task WriteAsync(HttpContext context, string type, JsonObject state, CancellationToken cancellationToken)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = state.DeepClone() }.ToJsonString() + "\n";
        await context.Response.WriteAsync(line, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
