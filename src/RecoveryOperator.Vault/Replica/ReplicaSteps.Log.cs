using Microsoft.Extensions.Logging;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Vault.Replica;

internal sealed partial class ReplicaSteps
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Applied set {Sequence} of epoch {Epoch} of {ProtectedVm}: it is a recovery point")]
    private static partial void LogApplied(ILogger logger, ProtectionId protectedVm, long epoch, long sequence);

    [LoggerMessage(Level = LogLevel.Information, Message = "Epoch {Epoch} of {ProtectedVm} is sealed at sequence {Sequence}: all before it is applied")]
    private static partial void LogSealed(ILogger logger, ProtectionId protectedVm, long epoch, long sequence);

    [LoggerMessage(Level = LogLevel.Error, Message = "Set {Sequence} of epoch {Epoch} of {ProtectedVm} is damaged in {Blob}: its predecessors stay, the VM must be resynchronized")]
    private static partial void LogDamaged(ILogger logger, Exception damage, ProtectionId protectedVm, long epoch, long sequence, string blob);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm} is rolled back to point {Sequence} of epoch {Epoch}: {Reason}")]
    private static partial void LogRollingBack(ILogger logger, ProtectionId protectedVm, long epoch, long sequence, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm} holds point {Sequence} of epoch {Epoch} again")]
    private static partial void LogRolledBack(ILogger logger, ProtectionId protectedVm, long epoch, long sequence);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: {Count} segments of tries that were given up are removed (epoch {Epoch}, sequence {Sequence})")]
    private static partial void LogSwept(ILogger logger, ProtectionId protectedVm, long epoch, long sequence, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{ProtectedVm}: segments of tries that were given up stay in the log container (epoch {Epoch}, sequence {Sequence})")]
    private static partial void LogNotSwept(ILogger logger, Exception fault, ProtectionId protectedVm, long epoch, long sequence);
}
