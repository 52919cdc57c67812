namespace RecoveryOperator.Vault.Replica;

/// <summary>What one page blob is meant to take, and how long a disk must exceed it before that is told.</summary>
public sealed record ChurnLimits
{
    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond { get; init; } = 60.0 * 1024 * 1024;

    /// <summary>Write requests a second.</summary>
    public double RequestsPerSecond { get; init; } = 500;

    /// <summary>Time over which a disk's change is measured, by the sets' instants.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(15);
}
