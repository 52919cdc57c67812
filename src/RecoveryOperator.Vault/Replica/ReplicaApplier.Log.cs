using Microsoft.Extensions.Logging;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Vault.Replica;

public sealed partial class ReplicaApplier
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Another applier works on {ProtectedVm}: this one stopped")]
    private static partial void LogLeaseLost(ILogger logger, Exception fault, ProtectionId protectedVm);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Another applier holds a disk of {ProtectedVm}: this one stopped and tries again")]
    private static partial void LogDiskHeld(ILogger logger, ProtectionId protectedVm);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Logs of {ProtectedVm} that are of no use any more could not be removed; next try in {Minutes} minutes")]
    private static partial void LogLogsLeft(ILogger logger, Exception fault, ProtectionId protectedVm, double minutes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Answered the host of {ProtectedVm}: checksums for set {Sequence} of epoch {Epoch}, computed anew: {Computed}")]
    private static partial void LogAnswered(ILogger logger, ProtectionId protectedVm, long epoch, long sequence, bool computed);
}
