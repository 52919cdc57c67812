using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.Common;

/// <summary>How much may leave a host: the first slot that holds now decides, otherwise the limit.</summary>
public sealed record BandwidthSpec
{
    /// <summary>Bytes a second as a quantity (<c>10Mi</c>); absent or 0: no limit.</summary>
    public string? LimitPerSecond { get; init; }

    /// <summary>Other limits at certain hours, in the site's time zone; at most 32.</summary>
    public IReadOnlyList<BandwidthSlotSpec> Schedule { get; init; } = [];
}

/// <summary>A limit for certain hours.</summary>
public sealed record BandwidthSlotSpec
{
    /// <summary>Days on which it begins; none: every day.</summary>
    public IReadOnlyList<Weekday> Days { get; init; } = [];

    /// <summary>When it begins, <c>HH:MM</c>.</summary>
    public required string From { get; init; }

    /// <summary>When it ends; before <see cref="From"/>: on the next day; the same: after a whole day.</summary>
    public required string To { get; init; }

    /// <summary>Bytes a second as a quantity (<c>10Mi</c>); 0: no limit.</summary>
    public required string LimitPerSecond { get; init; }
}

/// <summary>A day of the week.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Weekday>))]
public enum Weekday
{
    /// <summary>Sunday.</summary>
    Sunday,

    /// <summary>Monday.</summary>
    Monday,

    /// <summary>Tuesday.</summary>
    Tuesday,

    /// <summary>Wednesday.</summary>
    Wednesday,

    /// <summary>Thursday.</summary>
    Thursday,

    /// <summary>Friday.</summary>
    Friday,

    /// <summary>Saturday.</summary>
    Saturday,
}
