using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

internal sealed partial class EntityReconciler<TEntity>
{
    [LoggerMessage(LogLevel.Warning, "Controller {Controller}, {Key}: the reconcile took longer than {LimitSeconds} s and was cancelled; it is tried again")]
    private partial void LogTimedOut(string controller, NamespacedName key, double limitSeconds);

    [LoggerMessage(LogLevel.Debug, "Controller {Controller}, {Key}: another changed the object meanwhile; it is read and visited again: {Error}")]
    private partial void LogConflict(string controller, NamespacedName key, string error);

    [LoggerMessage(LogLevel.Error, "Controller {Controller}, {Key}: the reconcile failed unexpectedly; it is tried again with back-off")]
    private partial void LogFault(string controller, NamespacedName key, Exception error);

    [LoggerMessage(LogLevel.Warning, "Controller {Controller}, {Key}: {Error}")]
    private partial void LogFailure(string controller, NamespacedName key, string error, Exception? fault);

    [LoggerMessage(LogLevel.Information, "Controller {Controller}, {Key}: finalizer {Finalizer} is done and removed")]
    private partial void LogFinalized(string controller, NamespacedName key, string finalizer);
}
