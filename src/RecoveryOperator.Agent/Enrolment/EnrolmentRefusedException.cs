namespace RecoveryOperator.Agent.Enrolment;

/// <summary>Enrolment cannot succeed by trying again; the message says why and what to do.</summary>
public sealed class EnrolmentRefusedException(string message, Exception? inner = null) : Exception(message, inner);
