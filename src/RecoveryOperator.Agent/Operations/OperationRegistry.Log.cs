using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Operations;

public sealed partial class OperationRegistry
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Operation {Operation} started")]
    private partial void LogStarted(string operation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Operation {Operation} ended: {State}")]
    private partial void LogEnded(string operation, OperationState state);

    [LoggerMessage(Level = LogLevel.Error, Message = "Operation {Operation} failed")]
    private partial void LogFailed(string operation, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "The end of operation {Operation} could not be remembered: if it is asked for again, it runs again")]
    private partial void LogNotRemembered(string operation, Exception fault);
}
