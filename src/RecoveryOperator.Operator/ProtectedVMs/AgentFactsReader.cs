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
            Fault = FaultOf(status),
            CyclesMissed = status.CyclesMissedLastHour,
            CyclesDue = status.CyclesDueLastHour,
            MeanLatency = status.MeanLatency?.ToTimeSpan(),
            AppConsistentInstant = status.AppConsistentInstant?.ToDateTimeOffset(),
            AppConsistentProblem = status.AppConsistentProblem.Length > 0 ? status.AppConsistentProblem : null,
            Resync = status.Resync is { } resync ? ResyncOf(resync) : null,
            HasWish = hasWish,
        };
    }

    /// <summary>That a resynchronization is needed is no fault of its own: what is known of it says whether somebody must act.</summary>
    private static AgentFault? FaultOf(ProtectionStatus status) =>
        status.Fault is { Category: not FaultCategory.Unspecified } fault && (fault.Category != FaultCategory.ResyncRequired || status.Resync is null)
            ? new AgentFault(AgentFaults.ReasonOf(fault), AgentFaults.Text(fault), fault.Category == FaultCategory.Recoverable)
            : null;

    private static ResyncFacts ResyncOf(ResyncStatus resync) => new(AgentFaults.CodeOr(resync.Reason, "ResyncRequired"), resync.Message, StageOf(resync.Stage))
    {
        StartsAt = resync.StartsAt?.ToDateTimeOffset(),
        EstimatedBytes = resync.EstimatedBytes,
        TotalBytes = resync.TotalBytes,
        ComparedBytes = resync.ComparedBytes,
    };

    private static Replication.Protection.ResyncStage StageOf(Protocol.ResyncStage stage) => stage switch
    {
        Protocol.ResyncStage.WaitingForVault => Replication.Protection.ResyncStage.WaitingForVault,
        Protocol.ResyncStage.WaitingForWindow => Replication.Protection.ResyncStage.WaitingForWindow,
        Protocol.ResyncStage.WaitingForUser => Replication.Protection.ResyncStage.WaitingForUser,
        Protocol.ResyncStage.Comparing => Replication.Protection.ResyncStage.Comparing,
        Protocol.ResyncStage.Finishing => Replication.Protection.ResyncStage.Finishing,
        _ => Replication.Protection.ResyncStage.Unknown,
    };

    private static AgentFacts Silent(Obstacle why) => new() { Knowledge = AgentKnowledge.Unknown, Silence = why };

    private static AgentPhase PhaseOf(Protocol.ProtectionPhase phase) => phase switch
    {
        Protocol.ProtectionPhase.InitialReplication => AgentPhase.InitialReplication,
        Protocol.ProtectionPhase.Replicating => AgentPhase.Replicating,
        Protocol.ProtectionPhase.ResyncRequired => AgentPhase.ResyncRequired,
        Protocol.ProtectionPhase.Resynchronizing => AgentPhase.Resynchronizing,
        Protocol.ProtectionPhase.Paused => AgentPhase.Paused,
        Protocol.ProtectionPhase.Fenced => AgentPhase.Fenced,
        _ => AgentPhase.Pending,
    };
}
