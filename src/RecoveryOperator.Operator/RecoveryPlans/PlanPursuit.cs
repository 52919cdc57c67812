using System.Collections.Concurrent;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Jobs.Plans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>
/// One visit to a plan: judges the request in its spec, and goes on with the operation that its journal holds, whatever the spec says by then.
/// </summary>
internal sealed partial class PlanPursuit(
    PlanMemberReader members,
    PlanJournals journals,
    PlanRunner runner,
    ReplicaReadGrants grants,
    IPlanJobs jobs,
    PlanCancel cancel,
    PlanOptions options,
    TimeProvider time,
    ILogger<PlanPursuit> logger)
{
    private readonly ConcurrentDictionary<string, string> _retried = new();

    /// <summary>Does what can be done now. Faults of the vault are part of the situation.</summary>
    public async Task<PlanSituation> VisitAsync(RecoveryPlan plan, CancellationToken cancellationToken)
    {
        var situation = new PlanSituation(plan, await members.ReadAsync(plan, cancellationToken));
        try
        {
            var journal = await journals.OpenAsync(plan, cancellationToken);
            var known = PlanJournalTransitions.Known(journal.Document);
            situation = situation with { Journal = journal.Document, JournalVault = journal.Vault };
            situation = await JudgeAsync(situation, journal, known, cancellationToken);
            if (situation.LookAgainAfter != TimeSpan.Zero && PlanJournalTransitions.Running(journal.Document) is { } running)
                situation = await ContinueAsync(situation, journal, running, cancellationToken);
        }
        catch (VaultException fault)
        {
            LogVault(NamespacedName.Of(plan).ToString(), fault.Message, fault);
            situation = (situation with { Problem = $"{fault.Message} {fault.Remedy}" }).Within(options.BlockedInterval);
        }

        return await RenewAsync(situation, cancellationToken);
    }

    private async Task<PlanSituation> JudgeAsync(
        PlanSituation situation, PlanJournal journal, IReadOnlyList<KnownOperation> known, CancellationToken cancellationToken)
    {
        if (situation.Plan.Spec.Operation is not { } wanted)
            return situation;

        var request = new OperationRequest(wanted.Id, Enum.Parse<OperationType>(wanted.Type.ToString()), wanted.RecoveryPoint ?? PointChoice.Latest) { Notes = wanted.Notes };
        var subjects = situation.Members.Select(m => m.ToMember(situation.Plan.Metadata.Name)).ToList();
        var decision = OperationGuard.Decide(request, known, subjects);
        if (decision.Verdict == OperationVerdict.Accept && await MissingPointAsync(situation, request, cancellationToken) is { } missing)
            decision = OperationGuard.Refuse(request, missing, known, subjects);

        situation = situation with { Verdict = decision };
        return decision.Verdict switch
        {
            OperationVerdict.Accept => await RecordAsync(
                situation, journal, PlanJournalTransitions.Accept(journal.Document, request, situation.Members, time.GetUtcNow()), cancellationToken),
            OperationVerdict.Refuse => await RecordAsync(
                situation, journal, PlanJournalTransitions.Refuse(journal.Document, request, decision.Message, time.GetUtcNow()), cancellationToken),
            OperationVerdict.Wait => situation.Within(options.BlockedInterval),
            _ => situation,
        };
    }

    /// <summary>A point that is not there is found out before anything is fenced.</summary>
    private static async Task<string?> MissingPointAsync(PlanSituation situation, OperationRequest request, CancellationToken cancellationToken)
    {
        if (request.Type is not (OperationType.UnplannedFailover or OperationType.TestFailover))
            return null;
        var choice = new PointChoice(request.RecoveryPoint);
        if (!choice.IsValid)
            return $"'{request.RecoveryPoint}' is no recovery point: say Latest, LatestProcessed, LatestAppConsistent or a time like 2026-01-31T12:00:00Z";

        var missing = new List<string>();
        foreach (var member in situation.Members)
        {
            if (await choice.FindAsync(member, cancellationToken) is null)
                missing.Add(member.Name);
        }

        return missing.Count == 0 ? null : $"{string.Join(", ", missing)} has no recovery point that fits '{request.RecoveryPoint}'";
    }

    /// <summary>The journal first, then anything else: an id is spent before its operation has any effect.</summary>
    private async Task<PlanSituation> RecordAsync(
        PlanSituation situation, PlanJournal journal, PlanJournalDocument document, CancellationToken cancellationToken)
    {
        situation = situation.Within(TimeSpan.Zero);
        if (!await PlanJournals.WriteAsync(journal with { Document = document }, cancellationToken))
            return situation with { Verdict = null };
        var operation = document.Operations.Last(o => !journal.Document.Operations.Contains(o)).Operation;
        LogRecorded(NamespacedName.Of(situation.Plan).ToString(), operation.Type, operation.Id, operation.State);
        return situation with { Journal = document };
    }

    /// <summary>Writes without a word in the log: no operation begins or ends with it. Who finds another's write looks again.</summary>
    private static async Task<PlanSituation> TryWriteAsync(
        PlanSituation situation, PlanJournal journal, PlanJournalDocument document, CancellationToken cancellationToken) =>
        await PlanJournals.WriteAsync(journal with { Document = document }, cancellationToken)
            ? (situation with { Journal = document }).Within(TimeSpan.Zero)
            : situation.Within(TimeSpan.Zero);

    private async Task<PlanSituation> ContinueAsync(
        PlanSituation situation, PlanJournal journal, PlanOperationRecord running, CancellationToken cancellationToken)
    {
        var wish = await jobs.BeginAsync(situation.Plan, running, cancellationToken);
        situation = situation with { WithoutJob = wish.IsWithoutJob ? running.Operation.Id : null };
        var request = PlanJournalTransitions.RequestOf(running);
        var subjects = await SubjectsAsync(situation, running, cancellationToken);
        if (await CancelAsync(situation, journal, subjects, request, wish.CancelId, cancellationToken) is { } canceled)
            return canceled;
        if (request.Type == OperationType.TestFailover && wish.CancelId is { } by && running.CanceledBy is null)
            return (await TryWriteAsync(situation, journal, PlanJournalTransitions.RequestCancel(journal.Document, request.Id, by), cancellationToken)) with { IsCanceling = true };
        if (wish.Obstacle is { } unknown && PlanCancel.Look(situation.Plan, subjects, request) != CancelProgress.Refused)
            return (situation with { Problem = unknown }).Within(options.BlockedInterval);
        var retried = $"{NamespacedName.Of(situation.Plan)}/{running.Operation.Id}";
        if (wish.RetryToken is { } token && _retried.GetValueOrDefault(retried) != token)
        {
            _retried[retried] = token;
            runner.RetryNow(situation.Plan, request);
        }

        var runs = await runner.RunAsync(situation.Plan, subjects, request, running.Operation.StartedAt, running.CanceledBy is not null, cancellationToken);
        situation = situation with
        {
            IsCanceling = running.CanceledBy is not null,
            Members = [.. situation.Members.Select(m => runs.FirstOrDefault(r => r.Member.Name == m.Name) is { } run ? run.Member with { Group = m.Group } : m)],
            Outcomes = runs.ToDictionary(r => r.Member.Name, r => r.Outcome),
            Runs = runs,
        };
        if (runs.All(r => r.Outcome.HasEnded))
        {
            var ended = running.CanceledBy is { } canceledBy
                ? PlanJournalTransitions.Cancel(journal.Document, request.Id, PlanSummary.OfUndone(canceledBy, runs), time.GetUtcNow())
                : PlanJournalTransitions.End(journal.Document, request.Id, runs, PlanSummary.Of(situation.Plan, runs, request), time.GetUtcNow());
            return await RecordAsync(situation, journal, ended, cancellationToken);
        }

        return situation.Within(runs.Any(r => r.Outcome.Progress == StepProgress.Running) ? options.StepInterval : options.BlockedInterval);
    }

    /// <summary>Null when the operation goes on. Nothing is fenced in a visit that cancels.</summary>
    private async Task<PlanSituation?> CancelAsync(
        PlanSituation situation, PlanJournal journal, IReadOnlyList<PlanMemberView> subjects, OperationRequest request, string? cancelId, CancellationToken cancellationToken)
    {
        if (cancelId is null && !PlanCancel.HasBegun(situation, subjects, request))
            return null;
        var progress = PlanCancel.Look(situation.Plan, subjects, request);
        if (progress == CancelProgress.Refused)
            return null;
        situation = situation with { IsCanceling = true };
        if (PlanCancel.Obstacle(subjects) is { } obstacle)
            return (situation with { Problem = obstacle }).Within(options.BlockedInterval);
        await jobs.ShowAsync(situation, cancellationToken);
        try
        {
            if (await cancel.RunAsync(situation.Plan.Metadata.Name, subjects, request, cancellationToken) != CancelProgress.Done)
                return situation.Within(options.StepInterval);
            var by = cancelId is null ? string.Empty : $" by '{cancelId}'";
            var message = $"Canceled{by} before it had fenced any source.";
            return await RecordAsync(situation, journal, PlanJournalTransitions.Cancel(journal.Document, request.Id, message, time.GetUtcNow()), cancellationToken);
        }
        catch (VaultException fault)
        {
            // Still being canceled, and shown so: a job that went to and fro would wake the plan each time.
            LogVault(NamespacedName.Of(situation.Plan).ToString(), fault.Message, fault);
            return (situation with { Problem = $"{fault.Message} {fault.Remedy}" }).Within(options.BlockedInterval);
        }
    }

    /// <summary>The VMs that the operation was accepted for, also those that the plan has lost since.</summary>
    private async Task<IReadOnlyList<PlanMemberView>> SubjectsAsync(
        PlanSituation situation, PlanOperationRecord running, CancellationToken cancellationToken)
    {
        var plan = NamespacedName.Of(situation.Plan);
        return await Task.WhenAll(running.Steps.Select(PlanSteps.MemberOf).Select(async of =>
            situation.Members.FirstOrDefault(m => m.Name == of.Name) is { } member
                ? member with { Group = of.Group }
                : await members.ReadAsync(plan with { Name = of.Name }, of.Group, cancellationToken)));
    }

    private async Task<PlanSituation> RenewAsync(PlanSituation situation, CancellationToken cancellationToken)
    {
        var holders = situation.Members.Where(m => ReplicaReadGrants.IsNeededBy(m.Journal?.Value)).ToList();
        if (holders.Count > 0)
            situation = situation.Within(options.GrantInterval);
        foreach (var member in holders)
        {
            if (await grants.RenewAsync(member.Name, member.Vault!, member.Journal!.Value, cancellationToken) is { } problem)
                situation = (situation with { Problem = problem }).Within(options.BlockedInterval);
        }

        return situation.Members.Any(m => m.State is PlanMemberState.Unknown or PlanMemberState.NotRecoverable)
            ? situation.Within(options.BlockedInterval)
            : situation;
    }

    [LoggerMessage(1, LogLevel.Information, "Plan {recoveryPlan}: {type} {operation} is {state}")]
    private partial void LogRecorded(string recoveryPlan, string type, string operation, string state);

    [LoggerMessage(2, LogLevel.Warning, "Plan {recoveryPlan} waits for its vault: {reason}")]
    private partial void LogVault(string recoveryPlan, string reason, Exception exception);
}
