namespace RecoveryOperator.Operator.Options;

/// <summary>Leader election.</summary>
public sealed record LeaderElectionOptions
{
    /// <summary>False for a single process.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Namespace of the Lease.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Name of the Lease.</summary>
    public string Name { get; init; } = "recovery-operator";
}
