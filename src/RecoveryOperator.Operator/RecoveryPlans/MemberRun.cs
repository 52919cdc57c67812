using System.Text.Json;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>A VM after its steps were looked at.</summary>
/// <param name="Member">As it stands now.</param>
/// <param name="Outcome">How its last step stands.</param>
/// <param name="Result">What came of it, for the plan's journal; null where the VM's own keeps it.</param>
internal sealed record MemberRun(PlanMemberView Member, StepOutcome Outcome, JsonElement? Result = null);
