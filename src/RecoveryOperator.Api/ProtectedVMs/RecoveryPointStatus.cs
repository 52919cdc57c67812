using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>A recovery point in short.</summary>
public sealed record RecoveryPointStatus
{
    /// <summary>Its instant.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Epoch of its set.</summary>
    public required long Epoch { get; init; }

    /// <summary>Sequence of its set.</summary>
    public required long Sequence { get; init; }

    /// <summary>How it was taken.</summary>
    public required PointConsistency Consistency { get; init; }
}

/// <summary>The newest recovery point.</summary>
public sealed record LastRecoveryPoint
{
    /// <summary>Its instant.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Epoch of its set.</summary>
    public required long Epoch { get; init; }

    /// <summary>Sequence of its set.</summary>
    public required long Sequence { get; init; }

    /// <summary>How it was taken.</summary>
    public required PointConsistency Consistency { get; init; }

    /// <summary>When the vault was read; newer points may exist. Refreshed at most every 15 minutes.</summary>
    public required DateTimeOffset ObservedTime { get; init; }
}

/// <summary>Recovery points of a replica.</summary>
public sealed record RecoveryPointSummary
{
    /// <summary>How many there were when the vault was read.</summary>
    public required int Count { get; init; }

    /// <summary>Instant of the oldest.</summary>
    public DateTimeOffset? OldestTime { get; init; }

    /// <summary>Instant of the newest app-consistent one.</summary>
    public DateTimeOffset? LatestAppConsistentTime { get; init; }

    /// <summary>The newest ones, newest first, at most 10.</summary>
    public IReadOnlyList<RecoveryPointStatus> Recent { get; init; } = [];
}

/// <summary>How a point was taken.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PointConsistency>))]
public enum PointConsistency
{
    /// <summary>As after a power failure at that instant.</summary>
    CrashConsistent,

    /// <summary>The guest was quiesced.</summary>
    AppConsistent,
}
