using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Native;
using RecoveryOperator.Hypervisors.Images.Tracking;

namespace RecoveryOperator.Hypervisors.Images.Snapshots;

/// <summary>
/// Opens snapshots: lock, instant, scan where changes or a checkpoint are wanted, checkpoint made durable; only then is anything handed out.
/// </summary>
internal sealed class SnapshotOpening(ImagesOptions options, CheckpointStore checkpoints, TimeProvider timeProvider)
{
    /// <summary>The machine's lock holds its writer between two writes, wherever that is in its own work: that is a crash's consistency, no more.</summary>
    private static readonly SnapshotConsistency NotQuiesced = new(false, QuiesceReasons.QuiesceUnsupported, "the Images driver cannot quiesce what runs in its machines");

    private const string ScratchPrefix = ".snapshot-";

    /// <summary>Folder within the machine's for clones that belong to a protection.</summary>
    public static string ScratchPath(ImagesMachine machine, string owner) =>
        Path.Combine(machine.DirectoryPath, ScratchPrefix + Uri.EscapeDataString(owner));

    /// <summary>Opens a snapshot; what it began is undone when it fails.</summary>
    public async Task<ImagesSnapshot> OpenAsync(ImagesMachine machine, SnapshotRequest request, CancellationToken cancellationToken)
    {
        MachineChecks.ThrowIfUnreadable(machine, request.ExcludedDisks);

        // Damage is found, and tables are verified, before the writer has to wait.
        using var since = SinceTables.Open(
            checkpoints, machine.Id, request.Owner, request.Since, machine.File.Disks.Select(disk => disk.Target).Except(request.ExcludedDisks).Except(request.WholeDisks));
        using var draft = request.NewCheckpoint is { } id ? checkpoints.Begin(machine.Id, request.Owner, id) : null;
        var heldLock = await MachineLock.AcquireAsync(machine.LockPath, options.LockTimeout, timeProvider, cancellationToken)
            ?? throw new HypervisorException(
                HypervisorFault.Transient,
                $"The lock of machine '{machine.Name}' was not to be had within {options.LockTimeout.TotalSeconds} s.",
                $"Find who holds '{machine.LockPath}' (a writer stuck in a burst, another snapshot) and end it.");
        var scratchPath = Path.Combine(ScratchPath(machine, request.Owner), Guid.NewGuid().ToString("N"));
        var point = await PointInTime.TakeAsync(
            machine, request.ExcludedDisks, heldLock, scratchPath, timeProvider, cancellationToken);
        try
        {
            var described = machine.Describe();
            var disks = point.Images.Select(image => (Image: image, Disk: new ImagesSnapshotDisk(image))).ToList();
            if (request.Since is not null || draft is not null)
            {
                await Task.Run(() => disks.ForEach(disk => Scan(disk.Image, disk.Disk, point, request, since, draft, cancellationToken)), cancellationToken);
                point.VerifyIntact();
                draft?.Publish();
            }

            return new ImagesSnapshot(described, point, [.. disks.Select(disk => disk.Disk)], options, timeProvider) { Consistency = request.QuiesceWithin is null ? SnapshotConsistency.Crash : NotQuiesced };
        }
        catch
        {
            point.Dispose();
            throw;
        }
    }

    private void Scan(
        HeldImage image,
        ImagesSnapshotDisk disk,
        PointInTime point,
        SnapshotRequest request,
        SinceTables since,
        CheckpointDraft? draft,
        CancellationToken cancellationToken)
    {
        var old = since.Find(image.Target);
        var path = draft?.AddTable(image.Index, image.Target);
        if (old is not null && old.Header.ProvesUnchanged(image.Original, options.RacyMargin))
        {
            disk.Found = new BlockSet(disk.SizeBytes);
            if (path is not null)
            {
                LinuxFile.Link(old.Path, path);
            }

            return;
        }

        var takenAt = (point.Instant - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        using var table = path is null ? null : new ChecksumTableWriter(path, new ChecksumTableHeader(image.Original, takenAt));
        var found = new ImageScan(image.Handle, disk.SizeBytes, disk.CountRead).Run(old, table, cancellationToken);
        table?.Complete();

        // A disk that the checkpoint did not cover has nothing to compare with: all of it counts as changed, zeros too.
        disk.Found = request.Since is not null && old is null ? BlockSet.All(disk.SizeBytes) : found;
    }
}
