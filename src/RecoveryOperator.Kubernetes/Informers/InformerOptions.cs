using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>How an informer keeps its copy.</summary>
public sealed record InformerOptions
{
    /// <summary>Which objects; all of the kind unless set.</summary>
    public ResourceQuery Query { get; init; } = new();

    /// <summary>Objects per page of a list; 500 unless set, 0 for one page.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>
    /// When the server shall end a watch, so that the next one continues it; 2 minutes unless set. Up to a fifth is added at random.
    /// </summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How much longer than its timeout a watch may stay open before it is held to be dead; 15 s unless set.</summary>
    public TimeSpan WatchdogGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often every object is handed to the handlers again; 10 minutes unless set, zero for never.</summary>
    public TimeSpan ResyncPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The first wait after a failure; 500 ms unless set.</summary>
    public TimeSpan BackoffInitial { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait after repeated failures; 30 s unless set.</summary>
    public TimeSpan BackoffMaximum { get; init; } = TimeSpan.FromSeconds(30);
}
