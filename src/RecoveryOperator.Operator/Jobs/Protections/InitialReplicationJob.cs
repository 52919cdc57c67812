using System.Globalization;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Jobs.Protections;

/// <summary>The job of a machine's first full copy. Pure.</summary>
internal static class InitialReplicationJob
{
    private const int AlmostDone = 99;

    /// <summary>The one of this replica; null while the replica is not known or not ours.</summary>
    public static JobIdentity? IdentityOf(GatheredProtection gathered) =>
        gathered is { Facts.Vault.Knowledge: VaultKnowledge.Ours, Replica.Vm.Value.CreatedAt: var made }
            ? new(gathered.Entity, JobSubjectKind.ProtectedVM, RecoveryJobType.InitialReplication, string.Create(CultureInfo.InvariantCulture, $"initial-{made.UtcDateTime:yyyyMMddHHmmss}"))
            : null;

    /// <summary>It is about to begin, or runs.</summary>
    public static bool IsDue(GatheredProtection gathered, ProtectionStep step) =>
        gathered.Facts is { Vault: { LatestPoint: null, AppliedSequence: 0, EpochEnded: false, Failover: FailoverState.None } } facts
        && (facts.Agent.Knowledge == AgentKnowledge.NoProtection && step is ProtectionStep.AwaitStart or ProtectionStep.PutProtection
            || facts.Agent is { Knowledge: AgentKnowledge.Reports, Phase: AgentPhase.InitialReplication });

    public static JobPicture Show(GatheredProtection gathered, ProtectionDecision decision)
    {
        var facts = gathered.Facts;
        var steps = Steps(gathered);
        return new(StateOf(facts), steps, Message(gathered, decision), new(
            false,
            "NotCancelable",
            $"The initial replication of {gathered.Key.Name} cannot be canceled: it is the beginning of the protection. Set spec.paused of the ProtectedVM to halt it, or delete the ProtectedVM."))
        {
            Percent = IsDone(facts) ? 100 : facts.Agent.CommittedSequence > 0 ? AlmostDone : Percent(gathered.Status?.Initial),
            Stalled = ProtectionStall.Of(decision),
        };
    }

    private static bool IsDone(ProtectionFacts facts) => facts.Vault is { LatestPoint: not null, PointConfirmed: true };

    private static RecoveryJobState StateOf(ProtectionFacts facts)
    {
        if (IsDone(facts))
            return RecoveryJobState.Succeeded;
        return facts.Agent is { Knowledge: AgentKnowledge.Reports, Phase: not AgentPhase.Pending } ? RecoveryJobState.Running : RecoveryJobState.Pending;
    }

    private static StepPicture[] Steps(GatheredProtection gathered)
    {
        var facts = gathered.Facts;
        var copy = gathered.Status?.Initial;
        var (copied, committed, confirmed) = (copy is { BytesTotal: > 0 } && copy.BytesDone >= copy.BytesTotal, facts.Agent.CommittedSequence > 0, IsDone(facts));
        JobStepState? reached = facts.Agent.Knowledge == AgentKnowledge.Unknown ? null : JobStepState.Pending;
        var runs = StateOf(facts) == RecoveryJobState.Running;
        return
        [
            new("Copy", confirmed || committed || copied ? JobStepState.Succeeded : runs ? JobStepState.Running : reached)
            {
                BytesDone = copy?.BytesDone,
                BytesTotal = copy is { BytesTotal: > 0 } ? copy.BytesTotal : null,
                Message = Disk(copy),
            },
            new("Commit", confirmed || committed ? JobStepState.Succeeded : runs && copied ? JobStepState.Running : reached),
            new("RecoveryPoint", confirmed ? JobStepState.Succeeded : committed ? JobStepState.Running : reached) { Message = confirmed ? null : facts.Vault.PointProblem?.Message },
        ];
    }

    private static string? Disk(CopyProgress? copy) =>
        copy is { Disks: > 0 } ? string.Create(CultureInfo.InvariantCulture, $"Disk {copy.Disk} of {copy.Disks}.") : null;

    private static int? Percent(CopyProgress? copy) =>
        copy is { BytesTotal: > 0 } ? (int)Math.Clamp(copy.BytesDone * 100 / copy.BytesTotal, 0, AlmostDone) : null;

    private static string Message(GatheredProtection gathered, ProtectionDecision decision) => gathered.Facts switch
    {
        var facts when IsDone(facts) => "The first recovery point is there and was read.",
        { Agent: { Knowledge: AgentKnowledge.Unknown } agent } => agent.Silence?.Message ?? "The host's agent does not answer.",
        _ when decision.Step == ProtectionStep.AwaitStart => string.Create(CultureInfo.InvariantCulture, $"It begins at {gathered.Facts.Wish.StartAt:u}, as the policy asks."),
        { Agent.Knowledge: AgentKnowledge.NoProtection } => "The protection is handed to the host.",
        { Agent.Fault: { } fault } => fault.Message,
        { Agent.Phase: AgentPhase.Paused } => "Paused by spec.paused of the ProtectedVM.",
        { Agent.CommittedSequence: > 0 } => "The first set is applied, and its recovery point is confirmed.",
        _ => $"The disks are copied. {Disk(gathered.Status?.Initial)}".TrimEnd(),
    };
}
