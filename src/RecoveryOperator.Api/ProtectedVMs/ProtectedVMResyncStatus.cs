using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>Why source and replica are compared, and what it costs.</summary>
public sealed record ProtectedVMResyncStatus
{
    /// <summary>Stable code.</summary>
    public required string Reason { get; init; }

    /// <summary>What it does.</summary>
    public required ResyncStage Stage { get; init; }

    /// <summary>Bytes to ship before compression, in whole MiB; absent while not estimated.</summary>
    public long? EstimatedBytes { get; init; }

    /// <summary>Disk bytes to compare; absent while not known.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>When the window opens that it waits for; absent when it waits for none.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>The newest token that was taken up.</summary>
    public string? Token { get; init; }
}

/// <summary>What a resynchronization does.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResyncStage>))]
public enum ResyncStage
{
    /// <summary>The agent does not say.</summary>
    Unknown,

    /// <summary>Waits for the replica's checksums.</summary>
    WaitingForVault,

    /// <summary>Waits for the policy's window.</summary>
    WaitingForWindow,

    /// <summary>Waits for somebody: not automatic, paused or canceled.</summary>
    WaitingForUser,

    /// <summary>Compares, and ships what differs.</summary>
    Comparing,

    /// <summary>Makes the set that completes it.</summary>
    Finishing,
}
