using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Faults;

/// <summary>An error that was classified where it arose.</summary>
public sealed class FaultException(Fault fault, Exception? innerException = null) : Exception(fault.Message, innerException)
{
    /// <param name="category">Whether trying again can help.</param>
    /// <param name="reason">Stable CamelCase code.</param>
    /// <param name="about">What it is about.</param>
    /// <param name="message">What failed.</param>
    /// <param name="remedy">What to do.</param>
    public FaultException(FaultCategory category, string reason, string about, string message, string remedy)
        : this(new Fault { Category = category, Reason = reason, Object = about, Message = message, Remedy = remedy })
    {
    }

    /// <summary>The error as callers see it.</summary>
    public Fault Fault { get; } = fault;
}
