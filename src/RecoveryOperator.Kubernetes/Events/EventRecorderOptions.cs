namespace RecoveryOperator.Kubernetes.Events;

/// <summary>How events are written.</summary>
public sealed record EventRecorderOptions
{
    /// <summary>Who reports.</summary>
    public required string Component { get; init; }

    /// <summary>Which process of it reports.</summary>
    public string Instance { get; init; } = Environment.MachineName;

    /// <summary>How long after its last occurrence an event is still counted up instead of told anew; 10 minutes unless set.</summary>
    public TimeSpan AggregationWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many events of one reason an object may have at once; 10 unless set.</summary>
    public int Burst { get; init; } = 10;

    /// <summary>After the burst, one more event per object and reason in this time; 1 minute unless set.</summary>
    public TimeSpan RefillInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many events may wait to be written; 1,024 unless set. More are dropped, logged and counted.</summary>
    public int QueueCapacity { get; init; } = 1024;
}
