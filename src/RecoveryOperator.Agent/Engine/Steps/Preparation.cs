using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>What comes before anything else in a cycle: the claim on the machine, and an end to whatever a crash or a failure left half done.</summary>
internal sealed class Preparation(ProtectionContext context)
{
    private bool _cleanedUp;

    /// <summary>
    /// A cycle failed, perhaps with its snapshot's end: a job that was left open fills the scratch space and stands in the way of the next one, so
    /// the next run ends left-overs again.
    /// </summary>
    public void CleanUpAgain() => _cleanedUp = false;

    /// <summary>Runs it. Idempotent.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        context.ReloadWhenUncertain();
        await ClaimAsync(cancellationToken);
        if (!_cleanedUp && Guards.Hold(Guard.EndLeftovers))
            await CleanUpAsync(cancellationToken);

        await IntentResolution.RunAsync(context, cancellationToken);
        await CheckpointRelease.RunAsync(context, cancellationToken);
        DeleteSpoolLeftovers();
    }

    private async Task ClaimAsync(CancellationToken cancellationToken)
    {
        string wanted = context.Desired.Machine;
        if (context.Progress.MachineId is { } known && known == wanted)
            return;

        string found = await context.Hypervisor.FindIdAsync(wanted, cancellationToken) ?? throw NotFound(wanted);
        if (context.Progress.MachineId is { } claimed && claimed != found)
            throw Replaced(wanted, claimed, found);
        if (context.Progress.MachineId is null)
            context.Save(progress => progress with { MachineId = found });
    }

    private async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        LeftoverReport report = await context.Hypervisor.CleanUpAsync(context.MachineId, context.Id, cancellationToken);
        if (report != new LeftoverReport(0, 0, false))
        {
            context.Services.Logger.LeftoversEnded(
                context.DisplayName, report.JobsEnded, report.ScratchFilesRemoved, report.GuestResumed, report.Guarded?.Why ?? "nothing");
        }

        if (IncidentOf(report) is { } incident)
            context.Save(progress => progress with { LastIncident = incident });

        // Elsewhere the newest set's checkpoint is not there, or of no use any more.
        bool usesLast = context.Progress.Phase == EnginePhase.Replicating || context.Progress.Resync is { KeepsLast: true };
        if (usesLast && context.Progress.Last is { } last)
            await context.Hypervisor.CommitCheckpointAsync(context.MachineId, context.Id, last.Checkpoint, cancellationToken);
        _cleanedUp = true;
    }

    private GuestIncident? IncidentOf(LeftoverReport report)
    {
        bool wasPaused = report.GuestResumed || report.Guarded is { GuestResumed: true };
        string pause = wasPaused ? "The guest had been paused by it and goes on." : "The guest was not stopped.";
        return report switch
        {
            { Guarded: { } guarded } => new(guarded.At, wasPaused, $"The guard ended a snapshot because {guarded.Why}. {pause}"),
            { JobsEnded: > 0 } or { GuestResumed: true } => new(
                context.Services.Time.GetUtcNow(), wasPaused, $"A snapshot that a former process or a failed cycle left open was ended. {pause}"),
            _ => null,
        };
    }

    private void DeleteSpoolLeftovers()
    {
        int deleted = context.Services.Spool.DeleteLeftovers(context.Id, context.Store.LoadQueue(context.Id).Cuts.Select(cut => cut.Attempt));
        if (deleted > 0)
            context.Services.Logger.SpoolCleaned(context.DisplayName, deleted);
    }

    private static FaultException NotFound(string wanted) => new(
        FaultCategory.NonRecoverable,
        FaultReasons.MachineNotFound,
        $"vm {wanted}",
        $"There is no virtual machine '{wanted}' on this host.",
        "Correct the name or id in the ProtectedVM, or move the machine to this host.");

    private static FaultException Replaced(string wanted, string claimed, string found) => new(
        FaultCategory.NonRecoverable,
        FaultReasons.MachineReplaced,
        $"vm {wanted}",
        $"'{wanted}' was the machine {claimed} when it was protected and is the machine {found} now: another machine is never shipped into its replica.",
        "Name the protected machine by its id, or delete this ProtectedVM and protect the new machine under another name.");
}
