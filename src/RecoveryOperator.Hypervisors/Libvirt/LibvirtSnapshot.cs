using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Nbd;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>A pull-mode backup job over the disks of a machine. Guards its scratch space, whether it is being read or not (P8).</summary>
internal sealed partial class LibvirtSnapshot : IMachineSnapshot
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(1);
    private readonly SnapshotTicket _ticket;
    private readonly SnapshotJob _job;
    private readonly LibvirtOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IReadOnlyList<NbdClient> _clients;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _watch;
    private int _disposed;

    public LibvirtSnapshot(
        SnapshotTicket ticket,
        VirtualMachine machine,
        DateTimeOffset instant,
        IReadOnlyList<(DomainDisk Disk, NbdClient Client)> disks,
        Func<DomainDisk, bool> changesOnly,
        SnapshotJob job,
        LibvirtOptions options,
        TimeProvider time,
        ILogger logger)
    {
        (_ticket, Machine, Instant, _job, _options, _time, _logger) = (ticket, machine, instant, job, options, time, logger);
        _clients = [.. disks.Select(disk => disk.Client)];
        Disks = [.. disks.Select(disk => new SnapshotDisk(disk.Disk, disk.Client, changesOnly(disk.Disk)))];
        _watch = Task.Run(WatchAsync);
    }

    public DateTimeOffset Instant { get; }

    public required SnapshotConsistency Consistency { get; init; }

    public VirtualMachine Machine { get; }

    public IReadOnlyList<ISnapshotDisk> Disks { get; }

    public bool ShouldEndSoon => _ticket.Scratch.IsLow || _time.GetUtcNow() - Instant > _options.SnapshotLimit;

    public async Task VerifyIntactAsync(CancellationToken cancellationToken)
    {
        if (await _job.IsActiveAsync(_ticket.MachineId, _ticket.Socket, cancellationToken).ConfigureAwait(false)) return;
        throw new HypervisorException(
            HypervisorFault.Transient,
            $"the snapshot of machine {Machine.Name} from {Instant:O} ended before it was read",
            "what was read is not used, the next cycle reads it again; if it happens often, look for other backup software, restarts of the machine and full scratch space");
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _closing.CancelAsync().ConfigureAwait(false);
        await _watch.ConfigureAwait(false);
        foreach (var client in _clients) await client.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _ticket.EndAsync(_job).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HypervisorException or IOException or UnauthorizedAccessException)
        {
            // Dispose is the way out of every path, errors included: it must not hide them. What is left is ended by the next clean-up.
            LogNotEnded(error, Machine.Name);
        }
        finally
        {
            _ticket.Scratch.Dispose();
            _closing.Dispose();
        }
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchPeriod, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                if (!_ticket.Scratch.IsCritical) continue;
                LogScratchCritical(Machine.Name);
                await _job.EndAsync(_ticket.MachineId, _ticket.Owner, _ticket.Socket, _ticket.Scratch.Files, _closing.Token).ConfigureAwait(false);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            LogWatchEnded(Machine.Name);
        }
        catch (Exception error)
        {
            LogWatchFailed(error, Machine.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The snapshot of machine {Machine} could not be ended in order; it is ended by the next clean-up")]
    private partial void LogNotEnded(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scratch space is nearly used up: the snapshot of machine {Machine} is ended so that its guest is not paused")]
    private partial void LogScratchCritical(string machine);

    [LoggerMessage(Level = LogLevel.Error, Message = "The scratch space of the snapshot of machine {Machine} is not watched any more")]
    private partial void LogWatchFailed(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Trace, Message = "The snapshot of machine {Machine} is being closed")]
    private partial void LogWatchEnded(string machine);
}
