namespace RecoveryOperator.Kubernetes.Queues;

/// <summary>How a queue spaces its retries.</summary>
public sealed record WorkQueueOptions
{
    /// <summary>The name in metrics; a controller's name.</summary>
    public string Name { get; init; } = "queue";

    /// <summary>The wait after a key's first failure; 500 ms unless set. It doubles with each further one.</summary>
    public TimeSpan BackoffInitial { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait between failures of a key; 5 minutes unless set.</summary>
    public TimeSpan BackoffMaximum { get; init; } = TimeSpan.FromMinutes(5);
}
