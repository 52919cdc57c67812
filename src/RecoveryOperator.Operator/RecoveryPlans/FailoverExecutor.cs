using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>
/// Executes one VM's unplanned failover, a step at a time. The journal says which step is next; every step may be repeated
/// (docs/failover.md).
/// </summary>
internal sealed partial class FailoverExecutor(
    FailoverTargets targets, AgentSteps agents, ProtectionLocks locks, TimeProvider time, ILogger<FailoverExecutor> logger)
{
    /// <summary>Does the next step once.</summary>
    public async Task<StepOutcome> StepAsync(FailoverContext context, bool mayStart, CancellationToken cancellationToken)
    {
        var step = context.Next;
        try
        {
            var outcome = step switch
            {
                FailoverStep.Fence => await FenceAsync(context, cancellationToken),
                FailoverStep.Seal => await SealAsync(context, cancellationToken),
                FailoverStep.ChoosePoint => await ChoosePointAsync(context, cancellationToken),
                FailoverStep.Create => await CreateAsync(context, cancellationToken),
                FailoverStep.Start when !mayStart => StepOutcome.Running("Waits for the groups before it."),
                FailoverStep.Start => await StartAsync(context, cancellationToken),
                _ => StepOutcome.Done,
            };
            if (outcome.Progress == StepProgress.Done)
                LogStepDone(step, context.Member.Name, context.Request.Id);
            return outcome;
        }
        catch (VaultException fault)
        {
            LogBlocked(context.Member.Name, context.Request.Id, fault.Message, fault);
            return StepOutcome.Blocked($"{fault.Message} {fault.Remedy}");
        }
        catch (AgentUnavailableException fault)
        {
            LogBlocked(context.Member.Name, context.Request.Id, fault.Message, fault);
            return StepOutcome.Blocked(fault.Message);
        }
    }

    /// <summary>What waits for its next try is tried now.</summary>
    public void RetryNow(RecoveryPlan plan, OperationRequest request) => agents.RetryNow(plan, request);

    private async Task<StepOutcome> FenceAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        var member = context.Member;
        if (member.Failover is { } other)
            return HeldBy(other, member);

        if (JournalTransitions.IsCanceled(member.Journal!.Value, context.Request, context.Plan.Metadata.Name))
            return StepOutcome.Failed($"{member.Name} was left out: operation '{context.Request.Id}' was canceled before its source was fenced. It runs on where it is.");

        var target = targets.Choose(context.Plan, member.Resource!);
        if (target.Host is not { } host)
            return StepOutcome.Blocked(target.Obstacle!);
        var point = await context.Choice.FindAsync(member, cancellationToken);
        if (point is null)
            return StepOutcome.Failed($"{member.Name} has no recovery point that fits '{context.Choice.Request}' any more: its source was not fenced, it runs on. Ask for another point.");

        var obstacle = await agents.CheckTargetAsync(context, host, point.Epoch, point.Sequence, cancellationToken);
        if (obstacle is not null)
            return obstacle;

        var chosen = context.Choice.NeedsEverythingApplied ? null : point;
        var fenced = JournalTransitions.Fence(member.Journal!.Value, context.Request, context.Plan.Metadata.Name, target.Site, host.Name, chosen, time.GetUtcNow());
        return await WriteAsync(context, fenced, cancellationToken);
    }

    /// <summary>Another plan was faster: while its operation runs this one waits, afterwards there is nothing left to do for it.</summary>
    private static StepOutcome HeldBy(FailoverRecord other, PlanMemberView member) => member.IsRecovered
        ? StepOutcome.Failed($"{member.Name} was failed over by operation '{other.OperationId}' of {PlanOf(other)} meanwhile; it runs on host {other.Host}.")
        : StepOutcome.Blocked($"{member.Name} is held by operation '{other.OperationId}' of {PlanOf(other)}: wait until it has ended.");

    private static string PlanOf(FailoverRecord failover) => failover.Plan is { } plan ? $"plan {plan}" : "another plan";

    private async Task<StepOutcome> SealAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        var vault = context.Member.Vault!;
        Vault.Control.SealResult sealedAt;
        try
        {
            sealedAt = await vault.SealAsync(context.OldEpoch, context.Request.Id, time.GetUtcNow(), cancellationToken);
        }
        catch (VaultException)
        {
            await ShutOutAsync(vault, cancellationToken); // The second lock does not wait for the first.
            throw;
        }

        await ShutOutAsync(vault, cancellationToken);
        LogFenced(context.Member.Name, context.OldEpoch, sealedAt.Sequence);
        return await WriteAsync(context, JournalTransitions.RecordSeal(context.Journal, sealedAt.Sequence), cancellationToken);
    }

    private async Task<StepOutcome> ChoosePointAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        var applied = context.Member.Applied;
        // Also of a damaged chain everything up to the seal is looked at: a resynchronization may have been committed behind the damage.
        var settled = applied?.SealedEpochs.Any(e => e.Epoch == context.OldEpoch) ?? false;
        if (context.Choice.NeedsEverythingApplied && !settled)
        {
            await agents.HurryAsync(context, cancellationToken);
            return StepOutcome.Running($"Applies what was shipped before the seal (set {applied?.Sequence ?? 0} is applied).");
        }

        var point = await context.Choice.FindAsync(context.Member, cancellationToken);
        return point is null
            ? StepOutcome.Blocked($"{context.Member.Name} has no recovery point that fits '{context.Choice.Request}' any more.")
            : await WriteAsync(context, JournalTransitions.ChoosePoint(context.Journal, point), cancellationToken);
    }

    private async Task<StepOutcome> CreateAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        var chosen = context.Member.Failover!.Point!;
        if (await context.Member.Vault!.ReadPointAsync(chosen.Epoch, chosen.Sequence, cancellationToken) is null)
            return await ChooseAgainAsync(context, chosen, cancellationToken);

        var created = await agents.CreateAsync(context, cancellationToken);
        return created.MachineId is { } machineId
            ? await WriteAsync(context, JournalTransitions.RecordMachine(context.Journal, machineId), cancellationToken)
            : created.Outcome;
    }

    /// <summary>The point was pruned between its choice and the journal's word that it is in use. No machine was made from it.</summary>
    private static async Task<StepOutcome> ChooseAgainAsync(FailoverContext context, PointSummary gone, CancellationToken cancellationToken)
    {
        var point = await context.Choice.FindAsync(context.Member, cancellationToken);
        return point is null || point == gone
            ? StepOutcome.Blocked($"Recovery point {gone.Epoch}/{gone.Sequence} of {context.Member.Name} is not in the vault any more, and no other fits '{context.Choice.Request}': restore the blob {gone.Epoch}-{gone.Sequence} under points/ (soft delete keeps it for some days).")
            : await WriteAsync(context, JournalTransitions.ChoosePoint(context.Journal, point), cancellationToken);
    }

    /// <summary>Last before the start, the grant is revoked once more: another process that had read the journal before the epoch was raised may have given it back.</summary>
    private async Task<StepOutcome> StartAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        await ShutOutAsync(context.Member.Vault!, cancellationToken);
        var outcome = await agents.StartAsync(context, cancellationToken);
        if (outcome.Progress != StepProgress.Done)
            return outcome;

        var failover = context.Member.Failover!;
        var now = time.GetUtcNow();
        var result = new MemberResult(
            failover.Host, failover.MachineId, failover.Point, await RpoSecondsAsync(context, cancellationToken), (now - context.AcceptedAt).TotalSeconds, await NoteAsync(context, cancellationToken));
        LogStarted(context.Member.Name, failover.Host, failover.MachineId!, result.RpoSeconds, result.RtoSeconds);
        return await WriteAsync(context, JournalTransitions.RecordStart(context.Journal, result, now), cancellationToken);
    }

    /// <summary>
    /// Under the lock: a visit of this process that read the journal before the fence has given its grant by now, and it is revoked; any later visit sees
    /// the fence.
    /// </summary>
    private async Task ShutOutAsync(ProtectionVault vault, CancellationToken cancellationToken)
    {
        using var held = await locks.AcquireAsync(vault.Id.ToString(), cancellationToken);
        await vault.RevokeHostGrantAsync(cancellationToken);
    }

    private static async Task<double?> RpoSecondsAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        var epoch = context.Journal.Epochs.First(e => e.Epoch == context.OldEpoch);
        var stored = await context.Member.Vault!.ReadSetAsync(epoch.Epoch, epoch.SealedAtSequence!.Value, cancellationToken);
        return stored is null ? null : Math.Max(0, (stored.Manifest.Instant - context.Member.Failover!.Point!.Instant).TotalSeconds);
    }

    private static async Task<string?> NoteAsync(FailoverContext context, CancellationToken cancellationToken)
    {
        var member = context.Member;
        List<string> notes = [];
        if (context.Choice.NeedsEverythingApplied && member.Applied?.Damage is { } ended)
            notes.Add($"{member.Name}: set {ended.Epoch}/{ended.Sequence} was damaged ({ended.Reason}): recovered from the newest point before it.");

        var chosen = member.Failover!.Point!;
        if ((await member.Vault!.ReadPointAsync(chosen.Epoch, chosen.Sequence, cancellationToken))?.Damage is { } damage)
            notes.Add($"{member.Name}: {damage.BadBlocks} blocks of 64 KiB of recovery point {chosen.Epoch}/{chosen.Sequence} are not what the source had written (first on disk {damage.Disk} at offset {damage.OffsetBytes}): check the file systems on it, or recover from an earlier recovery point that is whole.");
        return notes.Count == 0 ? null : string.Join(' ', notes);
    }

    /// <summary>A write that somebody else forestalled is no failure: the step is decided again from what stands there now.</summary>
    private static async Task<StepOutcome> WriteAsync(FailoverContext context, JournalDocument journal, CancellationToken cancellationToken)
    {
        var written = await context.Member.Vault!.WriteJournalAsync(journal, context.Member.Journal!.ETag, cancellationToken);
        return written is null ? StepOutcome.Forestalled : StepOutcome.Done;
    }

    [LoggerMessage(1, LogLevel.Information, "Fenced: epoch {epoch} of {protectedVm} ends at sequence {sequence}")]
    private partial void LogFenced(string protectedVm, long epoch, long sequence);

    [LoggerMessage(2, LogLevel.Information, "Recovered: {protectedVm} runs on {host} as {machine}, RPO {rpoSeconds} s, RTO {rtoSeconds} s")]
    private partial void LogStarted(string protectedVm, string host, string machine, double? rpoSeconds, double? rtoSeconds);

    [LoggerMessage(4, LogLevel.Information, "Failover step {step} of {protectedVm} is done (operation {operation})")]
    private partial void LogStepDone(FailoverStep step, string protectedVm, string operation);

    [LoggerMessage(3, LogLevel.Warning, "Blocked: operation {operation} of {protectedVm}: {reason}")]
    private partial void LogBlocked(string protectedVm, string operation, string reason, Exception exception);
}
