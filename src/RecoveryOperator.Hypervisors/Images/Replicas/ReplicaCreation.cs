using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Native;
using RecoveryOperator.Hypervisors.VaultDisks;

namespace RecoveryOperator.Hypervisors.Images.Replicas;

/// <summary>Makes replica machines: in a draft folder that becomes the machine's when everything in it is whole and durable.</summary>
internal sealed class ReplicaCreation(MachineFolder folder, SnapshotDownload download, ReadLedger ledger, string root, ImagesOptions options, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>Everything that keeps the replica from being created.</summary>
    public IReadOnlyList<PrerequisiteFailure> Check(ReplicaRequest request)
    {
        var failures = new List<PrerequisiteFailure>();
        var about = $"replica {request.Name}";
        var known = folder.Networks();
        failures.AddRange(request.Networks.OfType<string>().Distinct().Except(known).Select(network => new PrerequisiteFailure(
            "NetworkNotFound",
            $"network {network} of {about}",
            $"The host has no network '{network}'.",
            $"Map the network to one of: {string.Join(", ", known)}.")));
        if (Directory.Exists(folder.PathOf(request.Name)) && FindMade(request) is null)
        {
            failures.Add(new PrerequisiteFailure(
                "NameTaken", about, $"The host has a machine '{request.Name}' already.", "Choose another name for the replica or remove that machine."));
        }

        var neededBytes = request.Disks.Sum(disk => disk.SizeBytes);
        var freeBytes = folder.FreeBytes();
        if (neededBytes > freeBytes && FindMade(request) is null)
        {
            failures.Add(new PrerequisiteFailure(
                "NoRoom",
                about,
                $"Its disks need {neededBytes} bytes; '{root}' has {freeBytes} free.",
                "Free space there or use another host."));
        }

        return failures;
    }

    /// <summary>Creates the machine, or answers the one that the same operation made.</summary>
    /// <exception cref="HypervisorException">It cannot be created; nothing that a listing shows is left behind.</exception>
    public async Task<VirtualMachine> CreateAsync(ReplicaRequest request, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(root);
        var finalPath = folder.PathOf(request.Name);
        using var oneAtATime = await LockAsync(request.Name, cancellationToken);
        if (FindMade(request) is { } made)
        {
            progress?.Report(1);
            return made.Describe();
        }

        ThrowFor(Check(request));
        RemoveDraft(request.Name);
        var draftPath = folder.DraftPathOf("create", request.Name);
        var draft = new ImagesMachine(draftPath, Define(request));
        Directory.CreateDirectory(draftPath);
        try
        {
            var reads = await FillAsync(request, draft, progress, cancellationToken);
            MachineFolder.Save(draft);
            Directory.Move(draftPath, finalPath);
            foreach (var disk in reads) ledger.Keep(disk);
        }
        catch
        {
            Directory.Delete(draftPath, recursive: true);
            throw;
        }

        LinuxFile.FlushDirectory(root);
        return (draft with { DirectoryPath = finalPath }).Describe();
    }

    /// <summary>Keeps machines of this name from being created meanwhile.</summary>
    /// <exception cref="HypervisorException">One is being created.</exception>
    public async Task<MachineLock> LockAsync(string name, CancellationToken cancellationToken) =>
        await MachineLock.AcquireAsync(folder.DraftPathOf("create", name) + ".lock", options.LockTimeout, timeProvider, cancellationToken)
            ?? throw new HypervisorException(HypervisorFault.Transient, $"Machine '{name}' is being created by another call.", "Wait for it to end.");

    /// <summary>Removes what a creation that was cut off has left; to be called under the lock.</summary>
    public void RemoveDraft(string name)
    {
        var draftPath = folder.DraftPathOf("create", name);
        if (Directory.Exists(draftPath))
        {
            Directory.Delete(draftPath, recursive: true);
        }
    }

    private ImagesMachine? FindMade(ReplicaRequest request) => folder.List().FirstOrDefault(machine =>
        machine.File.Owner == request.Owner && machine.File.OperationId == request.OperationId && machine.Name == request.Name);

    private static MachineFile Define(ReplicaRequest request) => new(
        Guid.NewGuid().ToString(),
        request.Name,
        request.Definition.VirtualCpus,
        request.Definition.MemoryBytes,
        [.. request.Disks.OrderBy(disk => disk.Index).Select(disk => new MachineFileDisk(
            request.Definition.Disks.Single(defined => defined.Index == disk.Index).Target, FileName(disk)))],
        [.. request.Definition.Nics.Select((nic, index) => new MachineFileNic(nic.Mac, request.Networks.ElementAtOrDefault(index)))],
        request.Owner,
        request.OperationId);

    private async Task<IReadOnlyList<DiskReads>> FillAsync(ReplicaRequest request, ImagesMachine draft, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var totalBytes = request.Disks.Sum(disk => disk.SizeBytes);
        long receivedBytes = 0;
        var all = new List<DiskReads>();
        foreach (var disk in request.Disks)
        {
            var reads = new DiskReads(draft.File.Id, request.Definition.Disks.Single(defined => defined.Index == disk.Index).Target, VaultSource.ContentOf(disk).Snapshot, logger);
            all.Add(reads);
            await download.ToFileAsync(
                disk,
                Path.Combine(draft.DirectoryPath, FileName(disk)),
                reads,
                lengthBytes => progress?.Report((double)Interlocked.Add(ref receivedBytes, lengthBytes) / totalBytes),
                cancellationToken);
        }

        return all;
    }

    private static string FileName(ReplicaDisk disk) => $"disk-{disk.Index}.raw";

    private static void ThrowFor(IReadOnlyList<PrerequisiteFailure> failures)
    {
        if (failures is [var first, ..])
        {
            var fault = first.Reason switch
            {
                "NetworkNotFound" => HypervisorFault.NotFound,
                "NameTaken" => HypervisorFault.Conflict,
                _ => HypervisorFault.NoSpace,
            };
            throw new HypervisorException(fault, string.Join(" ", failures.Select(failure => failure.Message)), first.Remedy);
        }
    }
}
