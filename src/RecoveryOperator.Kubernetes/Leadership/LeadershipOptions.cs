namespace RecoveryOperator.Kubernetes.Leadership;

/// <summary>How leadership is won and kept.</summary>
public sealed record LeadershipOptions
{
    /// <summary>False for a single run: the process leads at once and without a lease.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The lease's namespace.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>The lease's name.</summary>
    public string Name { get; init; } = "recovery-operator";

    /// <summary>This candidate; unique per process.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}-{Guid.NewGuid():N}";

    /// <summary>How long others wait after the last renewal before they take over, whole seconds; 15 s unless set.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the leader tries to renew before it gives up; 10 s unless set.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause between attempts; 2 s unless set.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long cancelled work may take to end after leadership was lost, before the process is ended; 2 s unless set. It fits between
    /// <see cref="RenewDeadline"/> and <see cref="LeaseDuration"/>, so that the process is gone before another leads.
    /// </summary>
    public TimeSpan TerminationGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <exception cref="InvalidOperationException">The times do not fit each other; every fault is listed.</exception>
    internal void Validate()
    {
        if (!Enabled)
            return;
        var faults = new List<string>();
        if (LeaseDuration < TimeSpan.FromSeconds(1) || LeaseDuration.Ticks % TimeSpan.TicksPerSecond != 0)
            faults.Add($"LeaseDuration {LeaseDuration} must be whole seconds, 1 or more");
        // The last renewal lies up to a retry period before the attempt at which the deadline starts to run.
        if (RetryPeriod + RenewDeadline + TerminationGrace >= LeaseDuration)
        {
            faults.Add($"RetryPeriod {RetryPeriod}, RenewDeadline {RenewDeadline} and TerminationGrace {TerminationGrace} together "
                + $"must be shorter than LeaseDuration {LeaseDuration}");
        }

        if (RetryPeriod <= TimeSpan.Zero || RetryPeriod >= RenewDeadline)
            faults.Add($"RetryPeriod {RetryPeriod} must be positive and shorter than RenewDeadline {RenewDeadline}");
        if (Namespace.Length == 0 || Name.Length == 0 || Identity.Length == 0)
            faults.Add("Namespace, Name and Identity must be set");
        if (faults.Count > 0)
            throw new InvalidOperationException($"The leader election is misconfigured: {string.Join("; ", faults)}.");
    }
}
