using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Replication.Tests.Protection;

public class PhaseAndStepTests
{
    private static readonly AgentFacts Silent = new() { Knowledge = AgentKnowledge.Unknown, Silence = FactsBuilder.Silence };
    private static readonly VaultFacts Unread = new() { Knowledge = VaultKnowledge.Unknown, Obstacle = FactsBuilder.Down };

    private static readonly Dictionary<string, (ProtectionFacts Facts, Phase Phase, ProtectionStep Step)> Table = new()
    {
        ["first visit"] = (FactsBuilder.New, Phase.Enabling, ProtectionStep.CheckPrerequisites),
        ["checked"] = (FactsBuilder.Checked, Phase.Enabling, ProtectionStep.ClaimReplica),
        ["claimed"] = (FactsBuilder.Claimed, Phase.Enabling, ProtectionStep.PutProtection),
        ["waits for its time of day"] = (FactsBuilder.Claimed with { Wish = FactsBuilder.Claimed.Wish with { StartAt = FactsBuilder.Now.AddHours(1) } }, Phase.Enabling, ProtectionStep.AwaitStart),
        ["its time of day has come"] = (FactsBuilder.Claimed with { Wish = FactsBuilder.Claimed.Wish with { StartAt = FactsBuilder.Now } }, Phase.Enabling, ProtectionStep.PutProtection),
        ["copying"] = (FactsBuilder.Copying, Phase.InitialReplication, ProtectionStep.Observe),
        ["copying, policy changed"] = (FactsBuilder.Copying.With((AgentFacts a) => a with { HasWish = false }), Phase.InitialReplication, ProtectionStep.PutProtection),
        ["retention changed"] = (FactsBuilder.Copying with { Wish = FactsBuilder.Copying.Wish with { Retention = new(48) } }, Phase.InitialReplication, ProtectionStep.WriteRetention),
        ["a tier of retention added"] = (FactsBuilder.Copying with { Wish = FactsBuilder.Copying.Wish with { Retention = new(24, DailyForDays: 30) } }, Phase.InitialReplication, ProtectionStep.WriteRetention),
        ["the journal contradicts itself"] = (FactsBuilder.Copying.With((VaultFacts v) => v with { Retention = null }), Phase.InitialReplication, ProtectionStep.WriteRetention),
        ["first set committed"] = (FactsBuilder.FirstSet, Phase.Finalizing, ProtectionStep.Observe),
        ["first point not read yet"] = (FactsBuilder.Settled.With((VaultFacts v) => v with { PointConfirmed = false }), Phase.Finalizing, ProtectionStep.Observe),
        ["settled"] = (FactsBuilder.Settled, Phase.Protected, ProtectionStep.Observe),
        ["a cycle failed and is tried again"] = (FactsBuilder.Settled.With((AgentFacts a) => a with { Fault = new("NoSpace", "full", true) }), Phase.Protected, ProtectionStep.Observe),
        ["paused"] = (FactsBuilder.Settled.With((AgentFacts a) => a with { Phase = AgentPhase.Paused }), Phase.Paused, ProtectionStep.Observe),
        ["an administrator must act"] = (FactsBuilder.Settled.With((AgentFacts a) => a with { Fault = new("BrokenChain", "broken", false) }), Phase.Critical, ProtectionStep.Observe),
        ["resync required"] = (FactsBuilder.Settled.With((AgentFacts a) => a with { Phase = AgentPhase.ResyncRequired }), Phase.Critical, ProtectionStep.Observe),
        ["agent silent after the beginning"] = (FactsBuilder.Settled with { Agent = Silent }, Phase.Unknown, ProtectionStep.Observe),
        ["agent silent before the beginning"] = (FactsBuilder.New with { Agent = Silent }, Phase.Enabling, ProtectionStep.Observe),
        ["vault down while replicating"] = (FactsBuilder.Settled with { Vault = Unread }, Phase.Unknown, ProtectionStep.Observe),
        ["vault down while copying"] = (FactsBuilder.Copying with { Vault = Unread }, Phase.InitialReplication, ProtectionStep.Observe),
        ["policy missing, never begun"] = (FactsBuilder.New with { References = new("PolicyNotFound", "missing") }, Phase.Enabling, ProtectionStep.Observe),
        ["policy missing, replicating"] = (FactsBuilder.Settled with { References = new("PolicyNotFound", "missing") }, Phase.Critical, ProtectionStep.Observe),
        ["claimed by another"] = (FactsBuilder.New with { Claim = new("MachineClaimed", "taken") }, Phase.Enabling, ProtectionStep.Observe),
        ["machine not found"] = (FactsBuilder.New with { Machine = new(MachineOutcome.NotFound, "MachineNotFound", "none"), Agent = Silent }, Phase.Enabling, ProtectionStep.Observe),
        ["prerequisites failed"] = (FactsBuilder.New with { Prerequisites = new(true, new("RawDisk", "raw")) }, Phase.Enabling, ProtectionStep.Observe),
        ["replica of another"] = (FactsBuilder.Checked with { Vault = new() { Knowledge = VaultKnowledge.Foreign, Obstacle = new("OwnedByOther", "theirs") } }, Phase.Enabling, ProtectionStep.Observe),
        ["replica of another, adoption stated"] = (
            FactsBuilder.Checked with { Vault = new() { Knowledge = VaultKnowledge.Foreign }, Wish = FactsBuilder.Checked.Wish with { AdoptionStated = true } },
            Phase.Enabling,
            ProtectionStep.AdoptReplica),
        ["replica is there, agent lost everything"] = (FactsBuilder.Settled with { Agent = new() { Knowledge = AgentKnowledge.NoProtection }, Prerequisites = PrerequisiteFacts.Passed }, Phase.Enabling, ProtectionStep.PutProtection),
        ["failing over"] = (FactsBuilder.Settled.With((VaultFacts v) => v with { Failover = FailoverState.Running, Epoch = 2 }), Phase.FailingOver, ProtectionStep.Observe),
        ["failed over, source back and unaware"] = (
            FactsBuilder.Settled.With((VaultFacts v) => v with { Failover = FailoverState.FailedOver, Epoch = 2 }).With((AgentFacts a) => a with { HasWish = false }),
            Phase.FailedOver,
            ProtectionStep.Observe),
        ["committed, source silent"] = (FactsBuilder.Settled.With((VaultFacts v) => v with { Failover = FailoverState.Committed }) with { Agent = Silent }, Phase.Committed, ProtectionStep.Observe),
        ["epoch sealed by nobody known"] = (FactsBuilder.Settled.With((VaultFacts v) => v with { EpochEnded = true }).With((AgentFacts a) => a with { HasWish = false }), Phase.Critical, ProtectionStep.Observe),
    };

    public static TheoryData<string> Cases => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_facts_decide_on_phase_and_step(string name)
    {
        var (facts, phase, step) = Table[name];

        var decision = ProtectionDecider.Decide(facts);

        Assert.Equal((phase, step), (decision.Phase, decision.Step));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_condition_is_there_once_with_a_reason_and_a_message(string name)
    {
        var decision = ProtectionDecider.Decide(Table[name].Facts);

        Assert.Equal(ProtectionConditions.All.Order(StringComparer.Ordinal), decision.Conditions.Select(c => c.Type).Order(StringComparer.Ordinal));
        Assert.All(decision.Conditions, c => Assert.Matches("^[A-Za-z]+$", c.Reason));
        Assert.All(decision.Conditions, c => Assert.NotEmpty(c.Message));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Nothing_is_stalled_and_reconciling_or_stalled_and_ready(string name)
    {
        var decision = ProtectionDecider.Decide(Table[name].Facts);

        if (decision.Condition(ProtectionConditions.Stalled).Status == true)
        {
            Assert.False(decision.Condition(ProtectionConditions.Reconciling).Status);
            Assert.False(decision.Condition(ProtectionConditions.Ready).Status);
        }
    }
}
