using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>The guard's side of the pipe: takes the agent's orders, watches what is open, and goes when nothing is (P8).</summary>
internal sealed partial class GuardDuty(SnapshotJob job, GuardSettings settings, TextWriter answers, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<string, (GuardWatch Watch, CancellationTokenSource Forgotten, Task Running)> _open = new(StringComparer.Ordinal);
    private readonly ScratchSpace _scratch = new(settings.ScratchDirectory, reserveBytes: 0, directory => new DriveInfo(directory).AvailableFreeSpace);
    private readonly Lock _answering = new();
    private long _lastOrder = time.GetTimestamp();
    private volatile bool _agentGone;

    /// <summary>Runs until the orders end, or <paramref name="terminated"/> completes, and nothing is open any more.</summary>
    public async Task RunAsync(TextReader orders, Task terminated)
    {
        await Task.WhenAny(ObeyAsync(orders), terminated).ConfigureAwait(false);
        _agentGone = true;
        if (!_open.IsEmpty) LogAgentGone(_open.Count);
        while (_open.FirstOrDefault() is { Key: not null } left) await left.Value.Running.ConfigureAwait(false);
    }

    private async Task ObeyAsync(TextReader orders)
    {
        try
        {
            while (await orders.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                Volatile.Write(ref _lastOrder, time.GetTimestamp());
                if (GuardOrder.Read(line) is { } order) await ObeyAsync(order).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            LogOrdersBroke(error); // As if the agent were gone: what is open is ended.
        }
    }

    private async Task ObeyAsync(GuardOrder order)
    {
        switch (order)
        {
            case { Kind: GuardOrderKind.Beat }:
                Answer(new GuardReport(string.Empty, Watched: true));
                break;
            case { Kind: GuardOrderKind.Watch, Snapshot: { } snapshot }:
                if (!_open.ContainsKey(snapshot.Token)) Watch(snapshot);
                Answer(new GuardReport(snapshot.Token, Watched: true));
                break;
            case { Kind: GuardOrderKind.End, Token: { } token } when _open.TryGetValue(token, out var open):
                open.Watch.End();
                break;
            case { Kind: GuardOrderKind.Forget, Token: { } token } when _open.TryGetValue(token, out var open):
                await open.Forgotten.CancelAsync().ConfigureAwait(false);
                break;
        }
    }

    private void Watch(GuardedSnapshot snapshot)
    {
        var lease = new ScratchLease(_scratch, snapshot.MostBytes, snapshot.ReserveBytes, snapshot.Files);
        var watch = new GuardWatch(snapshot, lease, job, AgentTrouble, settings, time, logger);
        var forgotten = new CancellationTokenSource();
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[snapshot.Token] = (watch, forgotten, WatchAsync(snapshot.Token, watch, forgotten, begin.Task));
        begin.SetResult();
    }

    private async Task WatchAsync(string token, GuardWatch watch, CancellationTokenSource forgotten, Task begin)
    {
        await begin.ConfigureAwait(false);
        try
        {
            if (await watch.RunAsync(forgotten.Token).ConfigureAwait(false) is { } why) Answer(new GuardReport(token, Watched: false, why));
        }
        catch (Exception error)
        {
            LogWatchBroke(error, token);
        }
        finally
        {
            _open.TryRemove(token, out _);
            forgotten.Dispose();
        }
    }

    private string? AgentTrouble() =>
        _agentGone ? "the agent was gone"
        : time.GetElapsedTime(Volatile.Read(ref _lastOrder)) > settings.StuckAfter ? $"the agent was not heard of for {settings.StuckAfter.TotalSeconds:0} s"
        : null;

    private void Answer(GuardReport report)
    {
        try
        {
            lock (_answering)
            {
                answers.WriteLine(report.Write());
                answers.Flush();
            }
        }
        catch (IOException error)
        {
            LogNotAnswered(error); // The agent is gone; the end of its orders says so, too.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The guard's agent is gone with {Count} snapshots open: they are ended")]
    private partial void LogAgentGone(int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The agent's orders cannot be read; what is open is ended")]
    private partial void LogOrdersBroke(Exception error);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Snapshot {Token} is not watched any more")]
    private partial void LogWatchBroke(Exception error, string token);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The agent does not take answers any more")]
    private partial void LogNotAnswered(Exception error);
}
