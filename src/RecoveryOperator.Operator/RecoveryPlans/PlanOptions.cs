namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>How plans are executed.</summary>
public sealed record PlanOptions
{
    /// <summary>The operator's cluster name, as it stands in <c>vm.json</c>.</summary>
    public required string ClusterName { get; init; }

    /// <summary>How often a running step is looked at: an agent's operation, the progress of applying.</summary>
    public TimeSpan StepInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a blocked step waits before the target or the vault is asked again.</summary>
    public TimeSpan BlockedInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a machine that a test failover started may take until it runs and its guest answers.</summary>
    public TimeSpan BootTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a cleanup waits for a host or a ProtectedVM that does not exist, from when it was asked for: a rebuilt cluster gets its objects one after the other.</summary>
    public TimeSpan CleanupPatience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often the read grant of a recovered machine is looked at; it is renewed when less than six of its seven days are left.</summary>
    public TimeSpan GrantInterval { get; init; } = TimeSpan.FromHours(1);
}
