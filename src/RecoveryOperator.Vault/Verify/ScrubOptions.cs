namespace RecoveryOperator.Vault.Verify;

/// <summary>How replicas are scrubbed.</summary>
public sealed record ScrubOptions
{
    /// <summary>Time between two scrubs of one replica.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Time between two scrubs of a replica that is known to be damaged, once it has newer points.</summary>
    public TimeSpan DamagedInterval { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How points are read, with the agent's limit of bytes a second.</summary>
    public VerifyOptions Verify { get; init; } = new() { ReadsInFlight = 2 };

    /// <summary>Least time between two notes of the position.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Duration of the lease on <c>scrub.json</c>, 15 to 60 s.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(60);
}
