using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Guard;
using RecoveryOperator.Hypervisors.Libvirt.Quiesce;
using RecoveryOperator.Hypervisors.Nbd;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Opens points in time. Every step is undone when a later one fails.</summary>
internal sealed partial class SnapshotOpener(
    LibvirtConnection connection,
    LibvirtOptions options,
    ScratchSpace scratch,
    SnapshotJob job,
    SnapshotGuard? guard,
    GuestFreezer freezer,
    RestCheck rest,
    TimeProvider time,
    ILogger logger)
{
    public async Task<IMachineSnapshot> BeginAsync(string machineId, SnapshotRequest request, CancellationToken cancellationToken)
    {
        var (machine, all, included, restingAt) = await connection.RunAsync(host => Judge(host, machineId, request), cancellationToken).ConfigureAwait(false);
        if (restingAt is { } at) return new UnchangedSnapshot(machine, at, included);
        var token = Guid.NewGuid().ToString("n")[..8];
        var socket = Path.Combine(options.RuntimeDirectory, $"{LibvirtNames.SocketPrefix(request.Owner, machine.Id)}{token}.sock");
        string ScratchFile(DomainDisk disk) =>
            Path.Combine(options.ScratchDirectory, $"{LibvirtNames.ScratchPrefix(request.Owner, machine.Id)}{token}.{disk.Target}");

        var mostBytes = machine.Definition.Disks.Where(disk => !request.ExcludedDisks.Contains(disk.Target)).Sum(disk => disk.SizeBytes);
        var lease = scratch.Reserve(machine.Name, mostBytes, [.. included.Select(ScratchFile)]);
        var ticket = new SnapshotTicket(token, machine.Id, request.Owner, socket, lease, guard);
        var clients = new List<(DomainDisk Disk, NbdClient Client)>();
        var begun = false;
        try
        {
            if (guard is not null)
                await guard.WatchAsync(new GuardedSnapshot(token, machine.Id, request.Owner, socket, lease.Files, mostBytes, options.ScratchReserveBytes), cancellationToken).ConfigureAwait(false);
            // The job's point in time is its start: the clock read before it never claims too much.
            var quiescence = await Quiescence.BeginAsync(
                freezer, FreezeMark.Path(options.RuntimeDirectory, request.Owner, machine.Id, token), machine.Id, request.QuiesceWithin, time, cancellationToken).ConfigureAwait(false);
            var instant = time.GetUtcNow();
            SnapshotConsistency consistency;
            try
            {
                await connection.RunAsync(host => Start(host, request, all, included, socket, ScratchFile, machine.Id), cancellationToken).ConfigureAwait(false);
                begun = true;
            }
            finally
            {
                consistency = await quiescence.EndAsync().ConfigureAwait(false);
            }

            foreach (var disk in included)
                clients.Add((disk, await ConnectAsync(socket, disk.Target, ChangesOnly(request, disk), cancellationToken).ConfigureAwait(false)));
            return new LibvirtSnapshot(ticket, machine, instant, clients, disk => ChangesOnly(request, disk), job, options, time, logger) { Consistency = consistency };
        }
        catch (Exception error)
        {
            LogBeginFailed(error, machine.Name);
            foreach (var (_, client) in clients) await client.DisposeAsync().ConfigureAwait(false);
            await UndoAsync(ticket, begun ? request.NewCheckpoint : null).ConfigureAwait(false);
            if (error is NbdException)
                throw new HypervisorException(HypervisorFault.Transient, $"the snapshot of machine {machine.Name} cannot be read: {error.Message}", "it is tried again; see QEMU's log of the machine if it goes on", error);
            throw;
        }
    }

    /// <summary>The machine and its disks, all and those that are wanted; and the instant, when it turned out that nothing was written until then.</summary>
    private (VirtualMachine Machine, IReadOnlyList<DomainDisk> All, IReadOnlyList<DomainDisk> Included, DateTimeOffset? RestingAt) Judge(
        LibvirtHost host, string machineId, SnapshotRequest request)
    {
        using var domain = host.Get(machineId);
        var live = domain.Xml(inactive: false);
        var disks = DomainDisk.All(live);
        if (MachinePrerequisites.Check(domain).Concat(DiskPrerequisites.Check(domain.Name, disks, request.ExcludedDisks)).FirstOrDefault() is { } failure)
            throw new HypervisorException(HypervisorFault.Unsupported, $"{failure.Object} cannot be protected: {failure.Message}", failure.Remedy);
        using var checkpoints = domain.Checkpoints();
        var known = LibvirtNames.OwnCheckpoints(checkpoints.Names, request.Owner);
        if (request.Since is { } since && !known.Contains(since))
        {
            throw new ChangeTrackingLostException(
                $"machine {domain.Name} has no checkpoint {since} of this protection any more",
                "resynchronize the machine: its change tracking starts again with the next full pass");
        }

        if (request.NewCheckpoint is { } wanted && known.Contains(wanted))
            throw new HypervisorException(HypervisorFault.Conflict, $"machine {domain.Name} already has a checkpoint {wanted}", "abandon that checkpoint first, or use another id");
        var included = disks.Where(disk => !request.ExcludedDisks.Contains(disk.Target)).ToList();
        var machine = DomainDescription.Of(domain, live);
        return (machine, disks, included, rest.Try(domain, machine, checkpoints, request, disks, included));
    }

    private static void Start(
        LibvirtHost host,
        SnapshotRequest request,
        IReadOnlyList<DomainDisk> all,
        IReadOnlyList<DomainDisk> included,
        string socket,
        Func<DomainDisk, string> scratchFile,
        string machineId)
    {
        using var domain = host.Get(machineId);
        var held = DomainHold.Begin(domain, request.Owner);
        try
        {
            domain.BeginBackup(
                BackupXml.Job(all, included, socket, scratchFile, request.Since is { } since ? LibvirtNames.Checkpoint(request.Owner, since) : null, request.WholeDisks),
                request.NewCheckpoint is { } id ? BackupXml.Checkpoint(LibvirtNames.Checkpoint(request.Owner, id), all, included) : null);
        }
        catch (HypervisorException)
        {
            if (held) DomainHold.End(domain, request.Owner);
            throw;
        }
    }

    private static bool ChangesOnly(SnapshotRequest request, DomainDisk disk) => request.Since is not null && !request.WholeDisks.Contains(disk.Target);

    private Task<NbdClient> ConnectAsync(string socket, string target, bool changesOnly, CancellationToken cancellationToken) => NbdClient.ConnectAsync(
        socket,
        target,
        changesOnly ? $"qemu:dirty-bitmap:{BackupXml.Bitmap(target)}" : NbdProtocol.BaseAllocation,
        options.ReadsInFlight,
        cancellationToken);

    private async Task UndoAsync(SnapshotTicket ticket, ChangeTrackingId? checkpoint)
    {
        try
        {
            await ticket.EndAsync(job).ConfigureAwait(false);
            if (checkpoint is { } created)
                await new CheckpointStore(connection, logger).AbandonAsync(ticket.MachineId, ticket.Owner, created, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HypervisorException or IOException or UnauthorizedAccessException)
        {
            LogUndoFailed(error, ticket.MachineId);
        }
        finally
        {
            ticket.Scratch.Dispose();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No snapshot of machine {Machine} was had")]
    private partial void LogBeginFailed(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Error, Message = "A snapshot of machine {Machine} that could not be opened was not undone; the next clean-up does it")]
    private partial void LogUndoFailed(Exception error, string machine);
}
