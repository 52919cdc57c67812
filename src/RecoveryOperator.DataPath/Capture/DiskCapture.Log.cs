using Microsoft.Extensions.Logging;

namespace RecoveryOperator.DataPath.Capture;

public sealed partial class DiskCapture
{
    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The segment {Path} of a failed capture could not be removed; it is found and removed at the next start")]
    private static partial void LogDiscardFailed(ILogger logger, Exception exception, string path);
}
