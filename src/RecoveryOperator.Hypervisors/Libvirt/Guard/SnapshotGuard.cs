using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>
/// The agent's side of the guard (docs/engine.md, "The guard"): starts it with the first snapshot, tells it what is open, and starts another one when it
/// dies or does not answer.
/// </summary>
internal sealed partial class SnapshotGuard(IReadOnlyList<string> command, GuardSettings settings, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan BeatPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, GuardedSnapshot> _open = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _starting = new(1);
    private readonly CancellationTokenSource _closing = new();
    private GuardProcess? _process;
    private Task _beating = Task.CompletedTask;
    private bool _disposed;

    /// <summary>Returns once the guard knows of the snapshot: only then may its job begin.</summary>
    /// <exception cref="HypervisorException">There is no guard: nothing may be begun. To be forgotten then, too.</exception>
    public async Task WatchAsync(GuardedSnapshot snapshot, CancellationToken cancellationToken)
    {
        _open[snapshot.Token] = snapshot;
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var process = await EnsureAsync(cancellationToken).ConfigureAwait(false);
            if (await process.AskAsync(new GuardOrder(GuardOrderKind.Watch, Snapshot: snapshot), snapshot.Token, AnswerWithin, cancellationToken).ConfigureAwait(false))
                return;
            if (!process.Ended.IsCompleted) process.Kill();
            await process.Ended.WaitAsync(AnswerWithin, time, cancellationToken).ConfigureAwait(false);
        }

        throw new HypervisorException(
            HypervisorFault.Transient,
            $"no snapshot of machine {snapshot.MachineId} was begun: the guard that would end it in an emergency does not answer",
            "it is tried again; see the guard's messages in the agent's log if it goes on");
    }

    /// <summary>The snapshot's job is gone.</summary>
    public void Forget(string token) => Tell(GuardOrderKind.Forget, token);

    /// <summary>The agent could not end the snapshot's job: the guard does.</summary>
    public void End(string token) => Tell(GuardOrderKind.End, token);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        await _closing.CancelAsync().ConfigureAwait(false);
        await _beating.ConfigureAwait(false);
        _process?.Dispose();
        _closing.Dispose();
        _starting.Dispose();
    }

    private void Tell(GuardOrderKind kind, string token)
    {
        if (!_open.TryRemove(token, out _)) return;
        try
        {
            Volatile.Read(ref _process)?.Send(new GuardOrder(kind, token));
        }
        catch (IOException error)
        {
            LogNotTold(error, token); // It died; the one that follows is told of what is open, and this is not.
        }
    }

    private async Task<GuardProcess> EnsureAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_process is { Ended.IsCompleted: false } lives) return lives;
            if (_process is { } dead) LogDied(dead.Id, _open.Count);
            var process = GuardProcess.Start(command, settings, OnEnded, time);
            foreach (var snapshot in _open.Values) process.Send(new GuardOrder(GuardOrderKind.Watch, Snapshot: snapshot));
            LogStarted(process.Id);
            Volatile.Write(ref _process, process);
            if (_beating.IsCompleted) _beating = Task.Run(BeatAsync, CancellationToken.None);
            return process;
        }
        finally
        {
            _starting.Release();
        }
    }

    private void OnEnded(GuardReport report)
    {
        if (_open.TryRemove(report.Token, out var snapshot)) LogEnded(snapshot.MachineId, report.Ended!);
    }

    /// <summary>Shows the guard that the agent lives, and finds out whether the guard does; with nothing open both may rest.</summary>
    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(BeatPeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                if (!_open.IsEmpty) await BeatOnceAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            LogClosing();
        }
    }

    private async Task BeatOnceAsync()
    {
        try
        {
            var process = await EnsureAsync(_closing.Token).ConfigureAwait(false);
            process.Send(new GuardOrder(GuardOrderKind.Beat));
            if (process.Silence > settings.StuckAfter) process.Kill();
        }
        catch (Exception error) when (error is IOException or HypervisorException or InvalidOperationException)
        {
            LogNoBeat(error);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The guard of open snapshots runs as process {ProcessId}")]
    private partial void LogStarted(int processId);

    [LoggerMessage(Level = LogLevel.Error, Message = "The guard (process {ProcessId}) died; another one is started and told of {Count} open snapshots")]
    private partial void LogDied(int processId, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The guard ended the snapshot of machine {Machine}: {Why}")]
    private partial void LogEnded(string machine, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The guard was not told about snapshot {Token}")]
    private partial void LogNotTold(Exception error, string token);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The guard does not take the agent's beat; it is tried again every second")]
    private partial void LogNoBeat(Exception error);

    [LoggerMessage(Level = LogLevel.Trace, Message = "The guard is let go")]
    private partial void LogClosing();
}
