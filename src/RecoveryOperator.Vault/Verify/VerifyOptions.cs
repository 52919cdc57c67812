namespace RecoveryOperator.Vault.Verify;

/// <summary>How a point is read and compared.</summary>
public sealed record VerifyOptions
{
    /// <summary>Reads in flight, 1 to 64; each holds a buffer of 4 MiB.</summary>
    public int ReadsInFlight { get; init; } = 8;

    /// <summary>How long a read is tried again while the storage cannot be reached, each try apart from its own budget; zero: not at all.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Limit of bytes a second, shared by whoever is given the same one; null: none.</summary>
    public ReadRate? Rate { get; init; }

    /// <summary>Clock of waiting.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The guard itself: off only where a test shows that it then goes red.</summary>
    internal bool Compare { get; init; } = true;
}
