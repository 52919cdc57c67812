using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>Watches one snapshot in the guard's process until its job is gone.</summary>
/// <param name="snapshot">The snapshot.</param>
/// <param name="scratch">Its scratch space.</param>
/// <param name="job">Ends jobs.</param>
/// <param name="agentTrouble">Why the agent cannot be relied on; null while it can.</param>
/// <param name="freeSockets">Makes a stuck agent let go of QEMU's sockets: no job ends while one is not read.</param>
/// <param name="settings">How the guard works.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it reports.</param>
internal sealed partial class GuardWatch(
    GuardedSnapshot snapshot,
    ScratchLease scratch,
    SnapshotJob job,
    Func<string?> agentTrouble,
    Action freeSockets,
    GuardSettings settings,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>libvirt waits up to 30 s for a machine before it begins a job: one that was never seen may still begin.</summary>
    private static readonly TimeSpan LateBegin = TimeSpan.FromSeconds(60);

    /// <summary>A host whose libvirt is gone for so long has no job of ours any more, or nobody who could end it.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);
    private const int PeriodsPerCall = 5;
    private readonly long _began = time.GetTimestamp();
    private volatile string? _asked;
    private bool _seen;
    private bool _failing;
    private long? _failingSince;

    /// <summary>The agent could not end it itself.</summary>
    public void End() => _asked = "the agent could not end it";

    /// <summary>Runs until the snapshot is forgotten (cancelled) or ended.</summary>
    /// <returns>Why the guard ended it; null when it was forgotten.</returns>
    public async Task<string?> RunAsync(CancellationToken forgotten)
    {
        using var timer = new PeriodicTimer(Period, time);
        string? why = null;
        try
        {
            for (var period = 0; await timer.WaitForNextTickAsync(forgotten).ConfigureAwait(false); period++)
            {
                var known = why is not null;
                why ??= _asked ?? agentTrouble() ?? (scratch.IsCritical ? "its scratch space was nearly used up" : null);
                var mayCall = period % PeriodsPerCall == 0;
                if (why is null && mayCall) why = await LookAsync(forgotten).ConfigureAwait(false);
                if (why is not null && (mayCall || !known) && await TryEndAsync(why, forgotten).ConfigureAwait(false)) return why;
            }
        }
        catch (OperationCanceledException) when (forgotten.IsCancellationRequested)
        {
            LogForgotten(snapshot.MachineId, snapshot.Token);
        }

        return null;
    }

    private async Task<string?> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (active, stopped) = await job.LookAsync(snapshot.MachineId, snapshot.Socket, cancellationToken).ConfigureAwait(false);
            _seen |= active;
            _failing = false;
            return active && stopped ? "its guest was paused by an I/O error" : null;
        }
        catch (HypervisorException error)
        {
            Complain(error);
            return null;
        }
    }

    private async Task<bool> TryEndAsync(string why, CancellationToken cancellationToken)
    {
        try
        {
            freeSockets();
            var ended = await job.EndAsync(snapshot.MachineId, snapshot.Owner, snapshot.Socket, snapshot.Files, cancellationToken).ConfigureAwait(false);
            if (ended.JobsEnded > 0 || ended.GuestResumed)
            {
                LogEnded(snapshot.MachineId, why, ended.GuestResumed);
                await LeaveNoteAsync(why, ended.GuestResumed, cancellationToken).ConfigureAwait(false);
            }

            return _seen || ended.JobsEnded > 0 || time.GetElapsedTime(_began) > LateBegin;
        }
        catch (Exception error) when (error is HypervisorException or IOException or UnauthorizedAccessException)
        {
            Complain(error);
            _failingSince ??= time.GetTimestamp();
            return time.GetElapsedTime(_failingSince.Value) > GiveUpAfter;
        }
    }

    private Task LeaveNoteAsync(string why, bool resumed, CancellationToken cancellationToken) => File.WriteAllTextAsync(
        GuardNote.Path(settings.RuntimeDirectory, snapshot.Owner, snapshot.MachineId), new GuardNote(time.GetUtcNow(), why, resumed).Write(), cancellationToken);

    private void Complain(Exception error)
    {
        if (!_failing) LogFailing(error, snapshot.MachineId);
        _failing = true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The guard ended the snapshot of machine {Machine}: {Why}; guest resumed: {Resumed}")]
    private partial void LogEnded(string machine, string why, bool resumed);

    [LoggerMessage(Level = LogLevel.Error, Message = "The guard cannot look after the snapshot of machine {Machine}; it tries every second")]
    private partial void LogFailing(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Snapshot {Token} of machine {Machine} is closed")]
    private partial void LogForgotten(string machine, string token);
}
