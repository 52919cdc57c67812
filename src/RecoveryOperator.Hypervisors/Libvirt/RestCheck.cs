using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// Finds out without a backup job that nothing was written since a checkpoint, and makes the next one (docs/engine.md, "A machine at rest", R1 to R4).
/// </summary>
internal sealed partial class RestCheck(TimeProvider time, ILogger logger)
{
    /// <summary>Called between the steps, by tests: with the number of the step that was just done.</summary>
    internal Action<int>? AfterStep { get; set; }

    /// <summary>R4 is what keeps writes between R1 and R3 from being lost; tests show it by switching it off.</summary>
    internal bool LooksAgain { get; set; } = true;

    /// <summary>The instant at which the disks were as at <see cref="SnapshotRequest.Since"/>, the new checkpoint made; null: a job must tell, and nothing was left behind.</summary>
    public DateTimeOffset? Try(LibvirtDomain domain, VirtualMachine machine, LibvirtCheckpoints checkpoints, SnapshotRequest request, IReadOnlyList<DomainDisk> all, IReadOnlyList<DomainDisk> included)
    {
        if (request is not { ReadsChangesOnly: true, Since: { } since, NewCheckpoint: { } wanted, QuiesceWithin: null, WholeDisks.Count: 0 }) return null;
        if (machine.State is not (PowerState.Running or PowerState.Paused)) return null;
        var (old, made) = (LibvirtNames.Checkpoint(request.Owner, since), LibvirtNames.Checkpoint(request.Owner, wanted));
        var isMade = false;
        try
        {
            if (!IsClean(checkpoints, old, included)) return null;
            AfterStep?.Invoke(1);
            var instant = time.GetUtcNow();
            domain.CreateCheckpoint(BackupXml.Checkpoint(made, all, included));
            isMade = true;
            AfterStep?.Invoke(3);
            if (!LooksAgain || IsClean(checkpoints, old, included)) return instant;
        }
        catch (HypervisorException error)
        {
            LogNotCounted(error, domain.Name);
        }

        if (isMade) domain.DeleteCheckpoint(made);
        return null;
    }

    private static bool IsClean(LibvirtCheckpoints checkpoints, string checkpoint, IReadOnlyList<DomainDisk> included)
    {
        var sizes = (checkpoints.WithSizes(checkpoint).Element("disks")?.Elements("disk") ?? [])
            .Where(disk => (string?)disk.Attribute("checkpoint") == "bitmap")
            .ToDictionary(disk => (string?)disk.Attribute("name") ?? string.Empty, disk => (string?)disk.Attribute("size"));
        return included.All(disk => sizes.GetValueOrDefault(disk.Target) == "0");
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "What changed on machine {Machine} cannot be counted; a snapshot tells")]
    private partial void LogNotCounted(Exception error, string machine);
}
