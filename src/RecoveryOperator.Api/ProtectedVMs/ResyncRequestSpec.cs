using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>Asks for a resynchronization, or steers the one that runs.</summary>
public sealed record ResyncRequestSpec
{
    /// <summary>Each new value asks for one resynchronization, at once.</summary>
    public required string Token { get; init; }

    /// <summary>What is to become of it.</summary>
    public ResyncAction Action { get; init; } = ResyncAction.Run;

    /// <summary>Which checksums of the replica the source's are compared with.</summary>
    public ResyncChecksums Checksums { get; init; } = ResyncChecksums.Stored;
}

/// <summary>Which checksums of the replica the source's are compared with.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResyncChecksums>))]
public enum ResyncChecksums
{
    /// <summary>Those that are kept with the replica: fast, and finds what the source changed.</summary>
    Stored,

    /// <summary>Those of what the replica's disks hold now, read in full by the vault agent: finds damage in the vault too.</summary>
    Computed,
}

/// <summary>What is to become of a resynchronization.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResyncAction>))]
public enum ResyncAction
{
    /// <summary>It runs.</summary>
    Run,

    /// <summary>It stays where it is; changes go on being tracked.</summary>
    Pause,

    /// <summary>It is given up; what was shipped for it is never applied.</summary>
    Cancel,
}
