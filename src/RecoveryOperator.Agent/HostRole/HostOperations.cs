using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>The work behind each operation of the host agent; each is safe to run again.</summary>
public sealed class HostOperations(ProtectionEngine engine, IHypervisor hypervisor, IRecoveryTarget target)
{
    private static readonly TimeSpan DefaultShutDownTimeout = TimeSpan.FromMinutes(2);

    /// <summary>The work of a request.</summary>
    /// <exception cref="ArgumentException">The request names no operation.</exception>
    public OperationWork For(StartHostOperationRequest request) => request.KindCase switch
    {
        StartHostOperationRequest.KindOneofCase.CheckPrerequisites => (_, token) => CheckPrerequisitesAsync(request.CheckPrerequisites, token),
        StartHostOperationRequest.KindOneofCase.CutNow => (context, token) => CutNowAsync(request.CutNow, context, token),
        StartHostOperationRequest.KindOneofCase.CheckReplica => (context, token) => CheckReplicaAsync(request.CheckReplica, context, token),
        StartHostOperationRequest.KindOneofCase.CreateReplica => (context, token) => CreateReplicaAsync(request.CreateReplica, context, token),
        StartHostOperationRequest.KindOneofCase.StartMachine => (context, token) => StartMachineAsync(request.StartMachine, context, token),
        StartHostOperationRequest.KindOneofCase.ShutDownMachine => (context, token) => ShutDownMachineAsync(request.ShutDownMachine, context, token),
        StartHostOperationRequest.KindOneofCase.DeleteReplica => (context, token) => DeleteReplicaAsync(request.DeleteReplica, context, token),
        StartHostOperationRequest.KindOneofCase.CheckGuest => (_, token) => CheckGuestAsync(request.CheckGuest, token),
        _ => throw new ArgumentException($"The operation '{request.Id}' does not say what to do: this agent ({Hosting.AgentVersion.Current}) may be older than its caller.", nameof(request)),
    };

    private async Task<OperationResult?> CheckPrerequisitesAsync(CheckPrerequisites request, CancellationToken cancellationToken)
    {
        PrerequisiteReport report = new();
        if (await hypervisor.FindAsync(request.Machine, cancellationToken) is { } machine)
        {
            IReadOnlyList<PrerequisiteFailure> failures = await hypervisor
                .CheckPrerequisitesAsync(machine.Id, [.. request.ExcludedDisks], cancellationToken);
            report.Failures.AddRange(failures.Select(MachineMapping.ToFault));
            report.Failures.AddRange(VaultLimits.Check(machine, request.ExcludedDisks));
        }
        else
        {
            report.Failures.Add(NotFound(request.Machine).Fault);
        }

        return new OperationResult { Prerequisites = report };
    }

    private async Task<OperationResult?> CutNowAsync(CutNow request, OperationContext context, CancellationToken cancellationToken)
    {
        context.Step("cutting, shipping and committing a set");
        return new OperationResult { Cut = await engine.CutAsync(request.ProtectionId, request.Epoch, request.BypassLimits, cancellationToken) };
    }

    private async Task<OperationResult?> CheckReplicaAsync(CheckReplica request, OperationContext context, CancellationToken cancellationToken)
    {
        ReplicaRequest replica = ReplicaRequests.ForCheck(request.Replica ?? new CreateReplica(), context.OperationId);
        PrerequisiteReport report = new();
        report.Failures.AddRange((await target.CheckReplicaAsync(replica, cancellationToken)).Select(MachineMapping.ToFault));
        return new OperationResult { Prerequisites = report };
    }

    private async Task<OperationResult?> CreateReplicaAsync(CreateReplica request, OperationContext context, CancellationToken cancellationToken)
    {
        ReplicaRequest replica = ReplicaRequests.From(request, context.OperationId);
        context.Step($"creating {replica.Name}");
        long totalBytes = replica.Disks.Sum(disk => disk.SizeBytes);
        ReplicaProgress progress = new(done => context.Progress((long)(done * totalBytes), totalBytes));
        VirtualMachine machine = await target.CreateReplicaAsync(replica, progress, cancellationToken);
        return new OperationResult { Machine = MachineMapping.ToInfo(machine) };
    }

    private async Task<OperationResult?> StartMachineAsync(StartMachine request, OperationContext context, CancellationToken cancellationToken)
    {
        context.Step($"starting {request.MachineId}");
        await target.StartAsync(request.MachineId, cancellationToken);
        return await DescribeAsync(request.MachineId, cancellationToken);
    }

    private async Task<OperationResult?> ShutDownMachineAsync(ShutDownMachine request, OperationContext context, CancellationToken cancellationToken)
    {
        TimeSpan timeout = request.Timeout?.ToTimeSpan() ?? DefaultShutDownTimeout;
        context.Step($"shutting {request.MachineId} down");
        if (!await target.ShutDownAsync(request.MachineId, timeout, cancellationToken))
        {
            if (!request.Force)
                throw StillRunning(request.MachineId, timeout);
            context.Step($"switching {request.MachineId} off");
            await target.DestroyAsync(request.MachineId, cancellationToken);
        }

        return await DescribeAsync(request.MachineId, cancellationToken);
    }

    private async Task<OperationResult?> DeleteReplicaAsync(DeleteReplica request, OperationContext context, CancellationToken cancellationToken)
    {
        context.Step($"deleting {(request.Name.Length > 0 ? request.Name : request.MachineId)}");
        if (request.MachineId.Length > 0)
            await target.DeleteReplicaAsync(request.MachineId, cancellationToken);
        if (request.OperationId.Length > 0)
            await target.DeleteReplicaMadeForAsync(request.ProtectionId, request.OperationId, request.Name, cancellationToken);
        return null;
    }

    private async Task<OperationResult?> CheckGuestAsync(CheckGuest request, CancellationToken cancellationToken)
    {
        GuestCheck check = new();
        if (await hypervisor.FindAsync(request.MachineId, cancellationToken) is { } machine)
        {
            check.State = MachineMapping.ToInfo(machine).State;
            if (check.State == MachineState.Running)
                check.Agent = GuestAnswerOf(await target.DoesGuestAnswerAsync(machine.Id, cancellationToken));
        }

        return new OperationResult { Guest = check };
    }

    private static GuestAnswer GuestAnswerOf(bool? answers) => answers switch
    {
        null => GuestAnswer.Unspecified,
        true => GuestAnswer.Answers,
        false => GuestAnswer.Silent,
    };

    private async Task<OperationResult?> DescribeAsync(string machineId, CancellationToken cancellationToken)
    {
        VirtualMachine machine = await hypervisor.FindAsync(machineId, cancellationToken) ?? throw NotFound(machineId);
        return new OperationResult { Machine = MachineMapping.ToInfo(machine) };
    }

    private static FaultException NotFound(string machine) => new(
        FaultCategory.NonRecoverable,
        FaultReasons.MachineNotFound,
        $"vm {machine}",
        $"There is no virtual machine '{machine}' on this host.",
        "Correct the name or id, or choose the host that has it.");

    private static FaultException StillRunning(string machine, TimeSpan timeout) => new(
        FaultCategory.Recoverable,
        FaultReasons.StillRunning,
        $"vm {machine}",
        $"The guest of '{machine}' did not shut down within {timeout.TotalSeconds} s.",
        "Shut it down from within, or allow it to be switched off.");

    private sealed class ReplicaProgress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
