using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

internal sealed partial class ControllerHost<TEntity>
{
    [LoggerMessage(LogLevel.Information, "Controller {Controller} started with {Workers} workers")]
    private partial void LogStarted(string controller, int workers);

    [LoggerMessage(LogLevel.Warning, "Controller {Controller} starts without {Kind}, which the server does not have; it is used once it is there")]
    private partial void LogWithout(string controller, string kind);

    [LoggerMessage(LogLevel.Information, "Controller {Controller} stops: shutdown or lost leadership")]
    private partial void LogStopping(string controller);

    [LoggerMessage(LogLevel.Debug, "Controller {Controller} tries {Key} again in {DelaySeconds:0.0} s")]
    private partial void LogRetry(string controller, NamespacedName key, double delaySeconds);

    [LoggerMessage(LogLevel.Warning, "Controller {Controller} still had work in hand {LimitSeconds} s after it was cancelled, and stops without it")]
    private partial void LogNotDrained(string controller, double limitSeconds);
}
