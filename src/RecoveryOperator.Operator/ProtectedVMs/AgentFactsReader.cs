using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;
using AgentFault = RecoveryOperator.Replication.Protection.AgentFault;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Reads facts out of what a host's agent reports.</summary>
internal static class AgentFactsReader
{
    public static AgentFacts Read(GatheredProtection gathered, MachineFacts machine, bool hasWish)
    {
        if (gathered.Connection is not { } connection)
            return Silent(new(machine.Reason, machine.Message, false));
        var state = connection.State;
        if (state.Presence != AgentPresence.Connected)
            return Silent(state.Failure ?? new("Connecting", $"{connection.Name} has not answered yet.", false));
        if (gathered.Status is not { } status)
            return new() { Knowledge = AgentKnowledge.NoProtection };
        return new()
        {
            Knowledge = AgentKnowledge.Reports,
            Phase = PhaseOf(status.Phase),
            Epoch = status.Epoch,
            CommittedSequence = status.CommittedSequence,
            CommittedInstant = status.CommittedInstant?.ToDateTimeOffset(),
            Fault = status.Fault is { Category: not FaultCategory.Unspecified } fault
                ? new AgentFault(AgentFaults.ReasonOf(fault), AgentFaults.Text(fault), fault.Category == FaultCategory.Recoverable)
                : null,
            CyclesMissed = status.CyclesMissedLastHour,
            CyclesDue = status.CyclesDueLastHour,
            HasWish = hasWish,
        };
    }

    private static AgentFacts Silent(Obstacle why) => new() { Knowledge = AgentKnowledge.Unknown, Silence = why };

    private static AgentPhase PhaseOf(Protocol.ProtectionPhase phase) => phase switch
    {
        Protocol.ProtectionPhase.InitialReplication => AgentPhase.InitialReplication,
        Protocol.ProtectionPhase.Replicating => AgentPhase.Replicating,
        Protocol.ProtectionPhase.ResyncRequired => AgentPhase.ResyncRequired,
        Protocol.ProtectionPhase.Paused => AgentPhase.Paused,
        Protocol.ProtectionPhase.Fenced => AgentPhase.Fenced,
        _ => AgentPhase.Pending,
    };
}
