using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images;

public sealed partial class ImagesHypervisor
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<PrerequisiteFailure>> CheckReplicaAsync(ReplicaRequest request, CancellationToken cancellationToken) =>
        Task.Run(() => creation.Check(request), cancellationToken);

    /// <inheritdoc/>
    public async Task<VirtualMachine> CreateReplicaAsync(
        ReplicaRequest request, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var machine = await creation.CreateAsync(request, progress, cancellationToken);
        LogCreated(machine.Name, machine.Id, request.Owner, request.OperationId);
        return machine;
    }

    /// <inheritdoc/>
    public async Task StartAsync(string machineId, CancellationToken cancellationToken) =>
        await guests.StartAsync(await RequireAsync(machineId, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<RecoveredDiskReads> RecoveredReads() => ledger.Describe(machine => folder.Find(machine) is not null);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ResumeStoppedReplicasAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([]); // Their disks are local copies: they do not stop.

    /// <inheritdoc/>
    public async Task<bool> ShutDownAsync(string machineId, TimeSpan timeout, CancellationToken cancellationToken) =>
        await guests.ShutDownAsync(await RequireAsync(machineId, cancellationToken), timeout, cancellationToken);

    /// <inheritdoc/>
    public async Task DestroyAsync(string machineId, CancellationToken cancellationToken)
    {
        if (folder.Find(machineId) is { } machine)
        {
            await guests.KillAsync(machine, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task DeleteReplicaAsync(string machineId, CancellationToken cancellationToken)
    {
        if (folder.Find(machineId) is { } machine)
        {
            RefuseForeign(machine);
            await guests.KillAsync(machine, cancellationToken);
            checkpoints.Forget(machine.Id);
            Directory.Move(machine.DirectoryPath, folder.DraftPathOf("deleted", machine.Id));
            LinuxFile.FlushDirectory(options.Root);
            LogDeleted(machine.Name, machine.Id);
            machineId = machine.Id;
        }

        // Also what an earlier call, cut short, has left.
        if (Guid.TryParse(machineId, out _) && folder.DraftPathOf("deleted", machineId) is var leftover && Directory.Exists(leftover))
        {
            Directory.Delete(leftover, recursive: true);
        }
    }

    /// <inheritdoc/>
    public async Task DeleteReplicaMadeForAsync(string owner, string operationId, string name, CancellationToken cancellationToken)
    {
        using var oneAtATime = await creation.LockAsync(name, cancellationToken);
        foreach (var machine in folder.List().Where(m => m.File.Owner == owner && m.File.OperationId == operationId))
        {
            await DeleteReplicaAsync(machine.Id, cancellationToken);
        }

        creation.RemoveDraft(name);
    }

    /// <inheritdoc/>
    public Task<bool?> DoesGuestAnswerAsync(string machineId, CancellationToken cancellationToken) =>
        Task.FromResult<bool?>(null); // Its guest is a process without an agent.

    /// <inheritdoc/>
    public async Task SetAutostartAsync(string machineId, bool autostart, CancellationToken cancellationToken)
    {
        var machine = await RequireAsync(machineId, cancellationToken);
        if (machine.File.Autostart != autostart)
        {
            MachineFolder.Save(machine with { File = machine.File with { Autostart = autostart } });
        }
    }

    private static void RefuseForeign(ImagesMachine machine)
    {
        if (machine.File.Owner is null)
        {
            throw new HypervisorException(
                HypervisorFault.Conflict,
                $"Machine '{machine.Name}' was not created by a recovery and is not deleted.",
                "Delete it by hand if it is really not needed.");
        }
    }
}
