using System.Text.Json;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>
/// Executes one VM's test failover, a step at a time. The record in the VM's journal says which step is next; every step may be repeated, and none touches
/// replication (docs/failover.md, "Test failover").
/// </summary>
internal sealed partial class TestFailoverExecutor(
    FailoverTargets targets, TestAgentSteps agents, PlanOptions options, TimeProvider time, ILogger<TestFailoverExecutor> logger)
{
    /// <summary>Does the next step once.</summary>
    public async Task<StepOutcome> StepAsync(TestRun run, bool mayStart, CancellationToken cancellationToken)
    {
        var step = run.Next;
        try
        {
            var outcome = step switch
            {
                TestFailoverStep.CheckTarget => await BeginAsync(run, cancellationToken),
                TestFailoverStep.ChoosePoint => await ChoosePointAsync(run, cancellationToken),
                TestFailoverStep.Create => await CreateAsync(run, cancellationToken),
                TestFailoverStep.Start when !mayStart => StepOutcome.Running("Waits for the groups before it."),
                TestFailoverStep.Start => await StartAsync(run, cancellationToken),
                TestFailoverStep.CheckBoot => await CheckBootAsync(run, cancellationToken),
                _ => StepOutcome.Done,
            };
            if (outcome.Progress == StepProgress.Done)
                LogStepDone(step, run.Member.Name, run.Request.Id);
            return outcome;
        }
        catch (VaultException fault)
        {
            LogBlocked(run.Member.Name, run.Request.Id, fault.Message, fault);
            return StepOutcome.Blocked($"{fault.Message} {fault.Remedy}");
        }
        catch (AgentUnavailableException fault)
        {
            LogBlocked(run.Member.Name, run.Request.Id, fault.Message, fault);
            return StepOutcome.Blocked(fault.Message);
        }
    }

    private async Task<StepOutcome> BeginAsync(TestRun run, CancellationToken cancellationToken)
    {
        var member = run.Member;
        if (member.Failover is { } failover)
            return StepOutcome.Failed($"{member.Name} was failed over by operation '{failover.OperationId}' before its test machine was made.");
        if (run.Journal.Tests.Count >= OperationGuard.MaxTests)
            return StepOutcome.Blocked($"{member.Name} has {run.Journal.Tests.Count} test machines already, as many as there may be ({string.Join(", ", run.Journal.Tests.Select(t => $"{t.MachineName} of plan {t.Plan}"))}): clean one of them up.");
        var target = targets.Choose(run.Plan, member.Resource!);
        if (target.Host is not { } host)
            return StepOutcome.Blocked(target.Obstacle!);
        if (await run.Choice.FindAsync(member, cancellationToken) is not { } chosen)
            return StepOutcome.Failed($"{member.Name} has no recovery point that fits '{run.Choice.Request}' any more. Ask for another point under a new id.");
        if (await member.Vault!.ReadPointAsync(chosen.Epoch, chosen.Sequence, cancellationToken) is not { } point)
            return StepOutcome.Running("Its recovery point was pruned while it was read; it is looked for again.");

        var name = run.MachineName(member.Resource!.Spec.Target?.Name ?? point.Machine.Name);
        var record = new TestFailoverRecord(run.Plan.Metadata.Name, run.Request.Id, target.Site, host.Name, name);
        if (await agents.CheckTargetAsync(run, record, point, cancellationToken) is { } obstacle)
            return obstacle;
        record = run.Choice.NeedsEverythingApplied
            ? record with { Through = await NewestShippedAsync(run, chosen, cancellationToken) }
            : record with { Point = chosen };
        return await WriteAsync(run, TestTransitions.Begin(run.Journal, record), cancellationToken);
    }

    /// <summary>The newest set that is committed now; the newest point's where nothing was shipped after it.</summary>
    private static async Task<SetPosition> NewestShippedAsync(TestRun run, PointSummary newest, CancellationToken cancellationToken)
    {
        var epoch = run.Journal.Epoch;
        var from = run.Member.Applied is { } applied && applied.Epoch == epoch ? applied.Sequence + 1 : 1;
        return await run.Member.Vault!.NewestCommittedAsync(epoch, from, cancellationToken) is { } set
            ? new SetPosition(epoch, set.Manifest.Sequence)
            : new SetPosition(newest.Epoch, newest.Sequence);
    }

    /// <summary>What cannot be applied, because the chain is damaged, is not waited for.</summary>
    private static async Task<StepOutcome> ChoosePointAsync(TestRun run, CancellationToken cancellationToken)
    {
        var (through, applied) = (run.Record!.Through!, run.Member.Applied);
        var isApplied = applied is not null
            && (applied.Damage is not null
                || (applied.Epoch, applied.Sequence).CompareTo((through.Epoch, through.Sequence)) >= 0
                || applied.SealedEpochs.Any(e => e.Epoch == through.Epoch));
        if (!isApplied)
            return StepOutcome.Running($"Waits until set {through.Sequence}, shipped when the test began, is applied (set {applied?.Sequence ?? 0} is).");
        return await run.Choice.FindAsync(run.Member, cancellationToken) is { } point
            ? await WriteAsync(run, TestTransitions.Change(run.Journal, run.Record with { Point = point }), cancellationToken)
            : StepOutcome.Blocked($"{run.Member.Name} has no recovery point any more.");
    }

    private async Task<StepOutcome> CreateAsync(TestRun run, CancellationToken cancellationToken)
    {
        var record = run.Record!;
        if (await PointAsync(run, cancellationToken) is not { } point)
            return await PointGoneAsync(run, cancellationToken);
        var (machineId, warning, outcome) = await agents.CreateAsync(run, point, cancellationToken);
        return machineId is null
            ? outcome
            : await WriteAsync(run, TestTransitions.Change(run.Journal, record with { MachineId = machineId, Warning = warning }), cancellationToken);
    }

    private async Task<StepOutcome> StartAsync(TestRun run, CancellationToken cancellationToken)
    {
        if (await PointAsync(run, cancellationToken) is null)
            return StepOutcome.Failed($"Recovery point {run.Record!.Point!.Epoch}/{run.Record.Point.Sequence} of {run.Member.Name} was pruned while it was chosen: clean up, and test from a newer one.");
        var outcome = await agents.StartAsync(run, cancellationToken);
        return outcome.Progress != StepProgress.Done
            ? outcome
            : await WriteAsync(run, TestTransitions.Change(run.Journal, run.Record! with { StartedAt = time.GetUtcNow() }), cancellationToken);
    }

    private async Task<StepOutcome> CheckBootAsync(TestRun run, CancellationToken cancellationToken)
    {
        var record = run.Record!;
        var (seen, outcome) = await agents.CheckBootAsync(run, cancellationToken);
        if (seen is null)
            return outcome;
        var waited = time.GetUtcNow() - record.StartedAt!.Value;
        var runs = seen.State == MachineState.Running;
        if (waited < options.BootTimeout && (!runs || seen.Agent == GuestAnswer.Silent))
            return StepOutcome.Running(runs ? "Runs; waits for its guest agent." : "Was started; waits until it runs.");
        if (!runs)
            return StepOutcome.Failed($"The test machine {record.MachineName} of {run.Member.Name} on host {record.Host} does not run {waited.TotalSeconds:0} s after its start: look at its console there.");

        var boot = seen.Agent switch
        {
            GuestAnswer.Answers => "it runs and its guest agent answers",
            GuestAnswer.Silent => $"it runs, its guest agent did not answer within {options.BootTimeout.TotalSeconds:0} s",
            _ => "it runs, guest not checked",
        };
        var point = record.Point!;
        var result = new TestResult(
            record.Host,
            record.MachineName,
            record.MachineId!,
            point,
            Math.Max(0, (run.AcceptedAt - point.Instant).TotalSeconds),
            (record.StartedAt.Value - run.AcceptedAt).TotalSeconds,
            boot,
            await WarningAsync(run, cancellationToken));
        LogRuns(run.Member.Name, record.Host, record.MachineId!, result.RpoSeconds, result.RtoSeconds);
        return await WriteAsync(run, TestTransitions.Change(run.Journal, record with { Result = JsonSerializer.SerializeToElement(result, JsonSerializerOptions.Web) }), cancellationToken);
    }

    private static async Task<string?> WarningAsync(TestRun run, CancellationToken cancellationToken)
    {
        var record = run.Record!;
        List<string> warnings = record.Warning is { } warning ? [warning] : [];
        if (record.Through is { } through && run.Member.Applied?.Damage is { } ended && (record.Point!.Epoch, record.Point.Sequence).CompareTo((through.Epoch, through.Sequence)) < 0)
            warnings.Add($"{run.Member.Name}: set {ended.Epoch}/{ended.Sequence} is damaged ({ended.Reason}): tested from the newest point before it.");
        if ((await PointAsync(run, cancellationToken))?.Damage is { } damage)
            warnings.Add($"{run.Member.Name}: {damage.BadBlocks} blocks of 64 KiB of the recovery point are not what the source had written (first on disk {damage.Disk} at offset {damage.OffsetBytes}).");
        return warnings.Count == 0 ? null : string.Join(' ', warnings);
    }

    /// <summary>It was pruned between its choice and the journal's word that it is in use. No machine was made from it.</summary>
    private static async Task<StepOutcome> PointGoneAsync(TestRun run, CancellationToken cancellationToken)
    {
        var gone = run.Record!.Point!;
        var again = run.Choice.NeedsEverythingApplied ? await run.Choice.FindAsync(run.Member, cancellationToken) : null;
        return again is null || again == gone
            ? StepOutcome.Failed($"Recovery point {gone.Epoch}/{gone.Sequence} of {run.Member.Name} was pruned while it was chosen: clean up, and test from a newer one.")
            : await WriteAsync(run, TestTransitions.Change(run.Journal, run.Record with { Point = again }), cancellationToken);
    }

    private static Task<RecoveryPointDocument?> PointAsync(TestRun run, CancellationToken cancellationToken) =>
        run.Member.Vault!.ReadPointAsync(run.Record!.Point!.Epoch, run.Record.Point.Sequence, cancellationToken);

    private static async Task<StepOutcome> WriteAsync(TestRun run, JournalDocument journal, CancellationToken cancellationToken)
    {
        var written = await run.Member.Vault!.WriteJournalAsync(journal, run.Member.Journal!.ETag, cancellationToken);
        return written is null ? StepOutcome.Forestalled : StepOutcome.Done;
    }

    [LoggerMessage(1, LogLevel.Information, "Test failover: {protectedVm} runs on {host} as {machine}, RPO {rpoSeconds} s, RTO {rtoSeconds} s")]
    private partial void LogRuns(string protectedVm, string host, string machine, double rpoSeconds, double rtoSeconds);

    [LoggerMessage(2, LogLevel.Information, "Test failover step {step} of {protectedVm} is done (operation {operation})")]
    private partial void LogStepDone(TestFailoverStep step, string protectedVm, string operation);

    [LoggerMessage(3, LogLevel.Warning, "Blocked: operation {operation} of {protectedVm}: {reason}")]
    private partial void LogBlocked(string protectedVm, string operation, string reason, Exception exception);
}
