using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Native;
using RecoveryOperator.Hypervisors.Libvirt.Quiesce;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>The guard's side of the pipe: takes the agent's orders, watches what is open, and goes when nothing is (P8).</summary>
internal sealed partial class GuardDuty(SnapshotJob job, GuestFreezer freezer, GuardSettings settings, TextWriter answers, TimeProvider time, ILogger logger)
{
    /// <summary>The agent beats every second.</summary>
    private static readonly TimeSpan MissedBeats = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, (GuardWatch Watch, CancellationTokenSource Forgotten, Task Running)> _open = new(StringComparer.Ordinal);
    private readonly ScratchSpace _scratch = new(settings.ScratchDirectory, reserveBytes: 0, directory => new DriveInfo(directory).AvailableFreeSpace);
    private readonly Lock _answering = new();
    private readonly ProcessIdentity? _agent = ProcessIdentity.OfLiving(settings.AgentProcessId);
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
        var watch = new GuardWatch(snapshot, lease, job, AgentTrouble, FreeSockets, settings, time, logger);
        var mark = FreezeMark.Path(settings.RuntimeDirectory, snapshot.Owner, snapshot.MachineId, snapshot.Token);
        var thaw = new ThawWatch(snapshot.MachineId, mark, freezer, AgentTrouble, time, logger);
        var forgotten = new CancellationTokenSource();
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[snapshot.Token] = (watch, forgotten, WatchAsync(snapshot.Token, watch, thaw, forgotten, begin.Task));
        begin.SetResult();
    }

    private async Task WatchAsync(string token, GuardWatch watch, ThawWatch thaw, CancellationTokenSource forgotten, Task begin)
    {
        await begin.ConfigureAwait(false);
        using var closed = new CancellationTokenSource();
        var thawing = thaw.RunAsync(closed.Token);
        try
        {
            if (await watch.RunAsync(forgotten.Token).ConfigureAwait(false) is { } why) Answer(new GuardReport(token, Watched: false, why));
            await closed.CancelAsync().ConfigureAwait(false);
            await thawing.ConfigureAwait(false);
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

    private TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _lastOrder));

    /// <summary>
    /// QEMU waits in a job's end for replies that nobody takes from its socket, and its guest's disks wait with it: a stuck agent is killed before
    /// its jobs are ended. It loses nothing (P7), and its service unit starts it again.
    /// </summary>
    private void FreeSockets()
    {
        if (_agentGone || Silence < MissedBeats || _agent is null) return;
        if (LinuxSignal.Send(_agent, LinuxSignal.Kill)) LogAgentKilled(_agent.ProcessId, Silence.TotalSeconds);
    }

    private string? AgentTrouble() =>
        _agentGone ? "the agent was gone"
        : Silence > settings.StuckAfter ? $"the agent was not heard of for {settings.StuckAfter.TotalSeconds:0} s"
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

    [LoggerMessage(Level = LogLevel.Critical, Message = "The agent (process {ProcessId}) was not heard of for {Seconds:0.0} s while its snapshots must be ended: it is killed")]
    private partial void LogAgentKilled(int processId, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The agent's orders cannot be read; what is open is ended")]
    private partial void LogOrdersBroke(Exception error);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Snapshot {Token} is not watched any more")]
    private partial void LogWatchBroke(Exception error, string token);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The agent does not take answers any more")]
    private partial void LogNotAnswered(Exception error);
}
