using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.Images;

public sealed partial class ImagesHypervisor
{
    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Snapshot of {machine} for {protectedVm} since {since}, new checkpoint {newCheckpoint}: {scannedBytes} bytes scanned")]
    private partial void LogSnapshot(string machine, string protectedVm, string? since, string? newCheckpoint, long scannedBytes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Replica {machine} ({machineId}) is there for {protectedVm}, operation {operationId}")]
    private partial void LogCreated(string machine, string machineId, string protectedVm, string operationId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Replica {machine} ({machineId}) was deleted")]
    private partial void LogDeleted(string machine, string machineId);
}
