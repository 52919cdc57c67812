using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.Policies;

/// <summary>What becomes of a disk that is attached to a protected machine.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NewDiskHandling>))]
public enum NewDiskHandling
{
    /// <summary>It is copied and replicated with the others.</summary>
    Protect,

    /// <summary>It is left out.</summary>
    Ignore,
}

/// <summary>How change logs are compressed before they travel.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LogCompression>))]
public enum LogCompression
{
    /// <summary>With Zstandard.</summary>
    Zstd,

    /// <summary>Not at all.</summary>
    None,
}
