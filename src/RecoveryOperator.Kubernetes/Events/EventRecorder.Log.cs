using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Events;

public sealed partial class EventRecorder
{
    [LoggerMessage(LogLevel.Warning, "Event {Reason} on {Kind} {Key} was not written: {Error}")]
    private partial void LogDropped(string kind, NamespacedName key, string reason, string error);

    [LoggerMessage(LogLevel.Error, "Event {Reason} on {Kind} {Key} was not written")]
    private partial void LogFault(string kind, NamespacedName key, string reason, Exception error);

    [LoggerMessage(LogLevel.Debug, "The event recorder stops with {Count} events unwritten")]
    private partial void LogStopped(int count);
}
