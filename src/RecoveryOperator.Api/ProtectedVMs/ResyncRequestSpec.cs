using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>Asks for a resynchronization, or steers the one that runs.</summary>
public sealed record ResyncRequestSpec
{
    /// <summary>Each new value asks for one resynchronization, at once.</summary>
    public required string Token { get; init; }

    /// <summary>What is to become of it.</summary>
    public ResyncAction Action { get; init; } = ResyncAction.Run;
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
