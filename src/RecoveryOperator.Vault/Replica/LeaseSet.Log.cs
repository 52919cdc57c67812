using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Vault.Replica;

internal sealed partial class LeaseSet
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Took over the lease of {Blob} from an earlier session of this agent")]
    private static partial void LogTakenOver(ILogger logger, string blob);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The lease of {Blob} is not of session {Session}: {Code}")]
    private static partial void LogNotOfSession(ILogger logger, string blob, Guid session, string? code);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of {Blob} is lost ({Code}): this agent stops working on the replica")]
    private static partial void LogLost(ILogger logger, string blob, string? code);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of {Blob} could not be renewed")]
    private static partial void LogNotRenewed(ILogger logger, Exception fault, string blob);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A lease is not released, it is no longer of this agent: {Code}")]
    private static partial void LogNotOurs(ILogger logger, string? code);

    [LoggerMessage(Level = LogLevel.Information, Message = "A lease could not be released; it ends by itself within {Seconds} s")]
    private static partial void LogNotReleased(ILogger logger, Exception fault, double seconds);

    [LoggerMessage(Level = LogLevel.Trace, Message = "Lease renewal ended")]
    private static partial void LogRenewalEnded(ILogger logger);
}
