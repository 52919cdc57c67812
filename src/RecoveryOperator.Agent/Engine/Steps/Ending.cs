using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Ends a protection's cycles for good: fenced, or a resynchronization is needed.</summary>
internal static class Ending
{
    private const string ResyncRemedy =
        "The recovery points in the vault stay usable. The machine is compared with its replica by itself; where the policy says that this is never begun by itself, or after a cancel, set a new spec.resync token.";

    /// <summary>A seal stands in the vault.</summary>
    public static EndReason Sealed(ProtectionContext context, long sequence, string? sealedBy) => new(
        FaultReasons.Sealed,
        $"epoch {context.Progress.Epoch} of {context.DisplayName}",
        $"Epoch {context.Progress.Epoch} was sealed at sequence {sequence} by operation '{sealedBy}': the machine was failed over, and this copy of it never ships again.",
        "Use the recovered machine. Switch this one off if it still runs, and remove its protection.");

    /// <summary>A reason for a resynchronization.</summary>
    public static EndReason Resync(ProtectionContext context, string reason, string message) => Resync(context.Desired, reason, message);

    /// <summary>A reason for a resynchronization.</summary>
    public static EndReason Resync(DesiredProtection desired, string reason, string message) => new(reason, $"vm {desired.Machine}", message, ResyncRemedy);

    /// <summary>The fault by which it is shown.</summary>
    public static Fault ToFault(EnginePhase phase, EndReason end) => new()
    {
        Category = phase == EnginePhase.Fenced ? FaultCategory.Fenced : FaultCategory.ResyncRequired,
        Reason = end.Reason,
        Object = end.Object,
        Message = end.Message,
        Remedy = end.Remedy,
    };

    /// <summary>Stores the end. Of a source that is fenced, cuts that wait become an intent; before a resynchronization they are still shipped.</summary>
    public static void Write(ProtectionContext context, EnginePhase phase, EndReason end)
    {
        CutIntent? waiting = phase == EnginePhase.Fenced ? context.Store.LoadQueue(context.Id).Oldest : null;
        context.Save(
            progress => progress with { Phase = phase, End = end, Intent = waiting ?? progress.Intent, Resync = null },
            progress => context.Store.DropCuts(context.Id, progress, phase == EnginePhase.Fenced ? 0 : long.MaxValue, forgetBase: true));
        context.ShowQueue();
        context.ShowCopy(null);
        context.Services.Logger.Ended(context.DisplayName, context.Progress.Epoch, phase, end.Reason, end.Message);
    }

    /// <summary>Stores the end and throws it, so that the cycle stops.</summary>
    public static FaultException WriteAndMakeFault(ProtectionContext context, EnginePhase phase, EndReason end)
    {
        Write(context, phase, end);
        return new FaultException(ToFault(phase, end));
    }
}
