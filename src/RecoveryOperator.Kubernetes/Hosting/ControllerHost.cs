using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Leadership;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>
/// Runs one controller: waits for leadership and for complete copies of everything it watches, then turns changes into keys and keys
/// into reconciles by a fixed number of workers.
/// </summary>
internal sealed partial class ControllerHost<TEntity>(
    ControllerRegistration<TEntity> registration,
    ControllerQueue<TEntity> queue,
    EntityReconciler<TEntity> reconciler,
    Informer<TEntity> informer,
    ILeadership leadership,
    IServiceProvider services,
    TimeProvider timeProvider,
    ILogger<ControllerHost<TEntity>> logger) : BackgroundService
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        registration.Options.Validate(registration.Name);
        using var working = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, leadership.Lost);
        var subscriptions = new List<IDisposable>();
        try
        {
            await leadership.WaitAsync(working.Token);
            await WaitForCopiesAsync(working.Token);
            Subscribe(subscriptions);
            LogStarted(registration.Name, registration.Options.Workers);
            await Task.WhenAll(Enumerable.Range(0, registration.Options.Workers).Select(_ => WorkAsync(working.Token)));
        }
        catch (OperationCanceledException) when (working.IsCancellationRequested)
        {
            LogStopping(registration.Name);
        }
        finally
        {
            subscriptions.ForEach(s => s.Dispose());
            await DrainAsync();
        }
    }

    private async Task WaitForCopiesAsync(CancellationToken cancellationToken)
    {
        await informer.WaitForSyncAsync(cancellationToken);
        foreach (var watch in registration.Watches)
        {
            var other = watch.Informer(services);
            await (watch.IsOptional ? other.WaitForAnswerAsync(cancellationToken) : other.WaitForSyncAsync(cancellationToken));
            if (other.IsAbsent)
                LogWithout(registration.Name, other.Kind);
        }
    }

    private void Subscribe(List<IDisposable> subscriptions)
    {
        subscriptions.Add(informer.Subscribe(change =>
        {
            if (change.After is null)
                reconciler.Remember(change.Key, change.Before!);
            queue.Enqueue(change.Key);
        }));
        foreach (var watch in registration.Watches)
            subscriptions.Add(watch.Subscribe(services, queue.Enqueue));
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (found, key) = await queue.Keys.TakeAsync(cancellationToken);
            if (!found)
                return;
            try
            {
                await ReconcileAsync(key, cancellationToken);
            }
            finally
            {
                queue.Keys.Done(key);
            }
        }
    }

    private async Task ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(registration.Options.ReconcileTimeout, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var next = await reconciler.ReconcileAsync(key, linked.Token, cancellationToken);
        switch (next)
        {
            case { Failed: true, After: null }:
                LogRetry(registration.Name, key, queue.Keys.AddWithBackoff(key).TotalSeconds);
                break;
            case { After: { } after }:
                if (!next.Failed)
                    queue.Keys.Forget(key);
                queue.Keys.AddAfter(key, after);
                break;
            default:
                queue.Keys.Forget(key);
                break;
        }
    }

    private async Task DrainAsync()
    {
        queue.Keys.ShutDown();
        using var limit = new CancellationTokenSource(registration.Options.DrainTimeout, timeProvider);
        try
        {
            await queue.Keys.DrainAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            LogNotDrained(registration.Name, registration.Options.DrainTimeout.TotalSeconds);
        }
    }
}
