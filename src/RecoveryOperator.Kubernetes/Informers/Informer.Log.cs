using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

public sealed partial class Informer<T>
{
    [LoggerMessage(LogLevel.Debug, "Listed {Kind}: {Count} objects at {ResourceVersion}, {Synthesised} deletions were missed and are told now")]
    private partial void LogListed(string kind, int count, string resourceVersion, int synthesised);

    [LoggerMessage(LogLevel.Warning, "List or watch of {Kind} failed, listing again after a pause: {Error}")]
    private partial void LogFailure(string kind, string error);

    [LoggerMessage(LogLevel.Warning, "{Kind} cannot be listed, and nothing is done with it until it can; it is looked for again after each pause. Install the definition of {Resource}, or give this account the right to list it: {Error}")]
    private partial void LogAbsent(string kind, string resource, string error);

    [LoggerMessage(LogLevel.Information, "{Kind} can be listed now")]
    private partial void LogPresent(string kind);

    [LoggerMessage(LogLevel.Error, "List or watch of {Kind} failed unexpectedly, listing again after a pause")]
    private partial void LogUnexpected(string kind, Exception error);

    [LoggerMessage(LogLevel.Warning, "Watch of {Kind} was still open after {LimitSeconds} s, past its own timeout: taken for dead, listing again")]
    private partial void LogSilent(string kind, double limitSeconds);

    [LoggerMessage(LogLevel.Information, "Watch of {Kind} was ended by the server with {Code}, listing again: {Error}")]
    private partial void LogStreamError(string kind, int code, string error);

    private void LogHandlerFault(NamespacedName key, Exception error) => LogHandlerFault(Kind, key, error);

    [LoggerMessage(LogLevel.Error, "{Kind} {Key}: a handler or index of its informer failed; the object is told again at the next resync")]
    private partial void LogHandlerFault(string kind, NamespacedName key, Exception error);

    [LoggerMessage(LogLevel.Error, "{Kind} {Key} does not fit its type and is left as it was last known; correct the object: {Error}")]
    private partial void LogUndecodable(string kind, NamespacedName key, string error);
}
