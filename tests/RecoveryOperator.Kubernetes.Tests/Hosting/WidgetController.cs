using System.Collections.Concurrent;
using RecoveryOperator.Kubernetes.Finalizers;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Tests.Widgets;

namespace RecoveryOperator.Kubernetes.Tests.Hosting;

/// <summary>What the widget controller of a test does, and what it was asked to do.</summary>
public sealed class WidgetBehaviour
{
    public ConcurrentQueue<Widget> Reconciled { get; } = new();

    public ConcurrentQueue<Widget> Deleted { get; } = new();

    public ConcurrentQueue<Widget> Finalized { get; } = new();

    public Func<Widget, CancellationToken, Task<ReconciliationResult<Widget>>> OnReconcile { get; set; } =
        (w, _) => Task.FromResult(ReconciliationResult<Widget>.Success(w));

    public Func<Widget, CancellationToken, Task<ReconciliationResult<Widget>>> OnFinalize { get; set; } =
        (w, _) => Task.FromResult(ReconciliationResult<Widget>.Success(w));

    public int Count(string name) => Reconciled.Count(w => w.Metadata.Name == name);
}

public sealed class WidgetController(WidgetBehaviour behaviour) : IEntityController<Widget>
{
    public Task<ReconciliationResult<Widget>> ReconcileAsync(Widget entity, CancellationToken cancellationToken)
    {
        behaviour.Reconciled.Enqueue(entity);
        return behaviour.OnReconcile(entity, cancellationToken);
    }

    public Task<ReconciliationResult<Widget>> DeletedAsync(Widget entity, CancellationToken cancellationToken)
    {
        behaviour.Deleted.Enqueue(entity);
        return Task.FromResult(ReconciliationResult<Widget>.Success(entity));
    }
}

public sealed class WidgetFinalizer(WidgetBehaviour behaviour) : IEntityFinalizer<Widget>
{
    public const string Name = "test.recoveryoperator.io/widget";

    public Task<ReconciliationResult<Widget>> FinalizeAsync(Widget entity, CancellationToken cancellationToken)
    {
        behaviour.Finalized.Enqueue(entity);
        return behaviour.OnFinalize(entity, cancellationToken);
    }
}
