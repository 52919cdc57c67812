using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>How the vault agent works.</summary>
public sealed record VaultRoleOptions
{
    /// <summary>The vault that it serves.</summary>
    public required VaultConnectionOptions Connection { get; init; }

    /// <summary>
    /// Folder that one agent process holds at a time, where its leases are remembered: a restarted agent goes on at once. Null: no memory, a killed agent's leases
    /// must run out first.
    /// </summary>
    public string? StateFolder { get; init; }

    /// <summary>Time between two looks for work; 100 ms to 1 h.</summary>
    public TimeSpan RoundInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Replicas that are applied at a time, 1 to 64. Memory: about 60 MiB for each.</summary>
    public int ParallelReplicas { get; init; } = 4;

    /// <summary>How a replica is applied.</summary>
    public ReplicaApplierOptions Applier { get; init; } = new();

    /// <summary>How replicas are scrubbed; null: not at all.</summary>
    public ScrubOptions? Scrub { get; init; } = new();

    /// <summary>Time between two looks for a scrub that is due.</summary>
    public TimeSpan ScrubLookInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(RoundInterval, TimeSpan.FromMilliseconds(100));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RoundInterval, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(ParallelReplicas, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ParallelReplicas, 64);
        ArgumentOutOfRangeException.ThrowIfLessThan(Applier.LeaseDuration, TimeSpan.FromSeconds(15));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Applier.LeaseDuration, TimeSpan.FromSeconds(60));
        ArgumentOutOfRangeException.ThrowIfLessThan(Applier.WritesInFlight, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Applier.WritesInFlight, 16);
    }
}
