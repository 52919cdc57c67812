namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>How a controller runs.</summary>
public sealed record ControllerOptions
{
    /// <summary>The name in logs and metrics; the kind unless set.</summary>
    public string? Name { get; init; }

    /// <summary>How many objects are worked on at once, 1 or more; 4 unless set.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>How long one reconcile may take before it is cancelled and retried; 5 minutes unless set.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a shutdown waits for work in hand after cancelling it; 20 s unless set.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The wait after an object's first failure; 500 ms unless set.</summary>
    public TimeSpan BackoffInitial { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait between failures of an object; 5 minutes unless set.</summary>
    public TimeSpan BackoffMaximum { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether an exception that leaves a reconcile is also told as a Warning event on the object; true unless set.</summary>
    public bool EventOnException { get; init; } = true;

    internal void Validate(string controller)
    {
        var faults = new List<string>();
        if (Workers < 1)
            faults.Add($"Workers is {Workers}, it must be 1 or more");
        if (ReconcileTimeout <= TimeSpan.Zero)
            faults.Add($"ReconcileTimeout is {ReconcileTimeout}, it must be positive");
        if (BackoffInitial <= TimeSpan.Zero || BackoffMaximum < BackoffInitial)
            faults.Add($"BackoffInitial {BackoffInitial} must be positive and at most BackoffMaximum {BackoffMaximum}");
        if (faults.Count > 0)
            throw new InvalidOperationException($"Controller {controller} is misconfigured: {string.Join("; ", faults)}.");
    }
}
