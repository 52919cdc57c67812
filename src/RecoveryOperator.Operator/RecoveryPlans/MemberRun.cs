namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>A VM after its steps were looked at.</summary>
/// <param name="Member">As it stands now.</param>
/// <param name="Outcome">How its last step stands.</param>
internal sealed record MemberRun(PlanMemberView Member, StepOutcome Outcome);
