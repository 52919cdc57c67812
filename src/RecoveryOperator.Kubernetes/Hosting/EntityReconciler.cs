using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Finalizers;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>
/// One visit to one object: reads it from the copy, decides by its deletionTimestamp, and calls the controller or the finalizers with
/// a private copy of it. Faults end here: they are logged, told as an event, and become a retry.
/// </summary>
internal sealed partial class EntityReconciler<TEntity>(
    ControllerRegistration<TEntity> registration,
    IEntityController<TEntity> controller,
    IObjectReader<TEntity> objects,
    FinalizerWriter finalizers,
    IEventRecorder events,
    IServiceProvider services,
    KubernetesInstruments instruments,
    ILogger<EntityReconciler<TEntity>> logger)
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly ConcurrentDictionary<NamespacedName, TEntity> _deleted = new();

    /// <summary>Keeps the last state of a deleted object for <see cref="IEntityController{TEntity}.DeletedAsync"/>.</summary>
    public void Remember(NamespacedName key, TEntity last) => _deleted[key] = last;

    /// <param name="key">The object.</param>
    /// <param name="limited">Ends this visit: shutdown, or it took too long.</param>
    /// <param name="stopping">Shutdown only.</param>
    public async Task<NextVisit> ReconcileAsync(NamespacedName key, CancellationToken limited, CancellationToken stopping)
    {
        TEntity? entity = null;
        try
        {
            entity = objects.Get(key) is { } known ? Copy(known) : null;
            var next = await VisitAsync(key, entity, limited);
            instruments.Reconciled(registration.Name, next.Failed ? "failed" : "succeeded");
            return next;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return NextVisit.WithBackoff;
        }
        catch (OperationCanceledException e) when (limited.IsCancellationRequested)
        {
            LogTimedOut(registration.Name, key, registration.Options.ReconcileTimeout.TotalSeconds);
            Tell(entity, $"The reconcile took longer than {registration.Options.ReconcileTimeout} and was cancelled; it is tried again.", e);
        }
        catch (ResourceRequestException e) when (e.IsConflict)
        {
            LogConflict(registration.Name, key, e.Message);
            instruments.Reconciled(registration.Name, "conflict");
            return NextVisit.WithBackoff;
        }
        catch (Exception e)
        {
            LogFault(registration.Name, key, e);
            Tell(entity, e.Message, e);
        }

        instruments.Reconciled(registration.Name, "fault");
        return NextVisit.WithBackoff;
    }

    private async Task<NextVisit> VisitAsync(NamespacedName key, TEntity? entity, CancellationToken cancellationToken)
    {
        if (_deleted.TryRemove(key, out var last) && !await ForgetAsync(key, last, cancellationToken))
            return NextVisit.WithBackoff;
        if (entity is null)
            return NextVisit.OnChange;
        if (entity.Metadata.DeletionTimestamp is not null)
            return await FinalizeAsync(key, entity, cancellationToken);
        entity = await finalizers.AddAsync(entity, registration.Finalizers.Select(f => f.Name), cancellationToken);
        return Decide(key, await controller.ReconcileAsync(entity, cancellationToken));
    }

    private async Task<bool> ForgetAsync(NamespacedName key, TEntity last, CancellationToken cancellationToken)
    {
        try
        {
            var result = await controller.DeletedAsync(Copy(last), cancellationToken);
            if (!result.IsSuccess)
                _deleted.TryAdd(key, last);
            return !Decide(key, result).Failed;
        }
        catch
        {
            _deleted.TryAdd(key, last);
            throw;
        }
    }

    private async Task<NextVisit> FinalizeAsync(NamespacedName key, TEntity entity, CancellationToken cancellationToken)
    {
        foreach (var (name, type) in registration.Finalizers)
        {
            if (entity.Metadata.Finalizers?.Contains(name) != true)
                continue;
            var finalizer = (IEntityFinalizer<TEntity>)services.GetRequiredService(type);
            var result = await finalizer.FinalizeAsync(entity, cancellationToken);
            if (!result.IsSuccess || result.RequeueAfter is not null)
                return Decide(key, result);
            entity = await RemoveAsync(key, entity, name, cancellationToken);
        }

        return NextVisit.OnChange;
    }

    private async Task<TEntity> RemoveAsync(NamespacedName key, TEntity entity, string name, CancellationToken cancellationToken)
    {
        try
        {
            var stored = await finalizers.RemoveAsync(entity, name, cancellationToken);
            LogFinalized(registration.Name, key, name);
            return stored;
        }
        catch (ResourceRequestException e) when (e.IsNotFound)
        {
            // The object went with someone else's last finalizer: what was wanted.
            LogFinalized(registration.Name, key, name);
            entity.Metadata.Finalizers?.Clear();
            return entity;
        }
    }

    private NextVisit Decide(NamespacedName key, ReconciliationResult<TEntity> result)
    {
        if (!result.IsSuccess)
            LogFailure(registration.Name, key, result.ErrorMessage ?? "no reason given", result.Error);
        return new(!result.IsSuccess, result.RequeueAfter);
    }

    private void Tell(TEntity? entity, string message, Exception error)
    {
        if (entity is not null && registration.Options.EventOnException)
            events.Publish(entity, EventType.Warning, "ReconcileFailed", $"{error.GetType().Name}: {message}");
    }

    private static TEntity Copy(TEntity shared) => KubernetesJson.Deserialize<TEntity>(KubernetesJson.Serialize(shared));
}
