using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.Sites;

/// <summary>What runs a site's machines.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SiteType>))]
public enum SiteType
{
    /// <summary>Hyper-V hosts.</summary>
    HyperV,

    /// <summary>Hyper-V hosts in a cloud of System Center Virtual Machine Manager.</summary>
    VMM,

    /// <summary>KVM hosts under libvirt.</summary>
    Libvirt,

    /// <summary>Folders of raw images.</summary>
    Images,

    /// <summary>Azure as a place to recover to.</summary>
    Azure,
}

/// <summary>What a user says about a site.</summary>
public sealed record RecoverySiteSpec
{
    /// <summary>What runs the machines; immutable.</summary>
    public required SiteType Type { get; init; }

    /// <summary>IANA name of the time zone in which the policies' times of day are read.</summary>
    public string TimeZone { get; init; } = "Etc/UTC";
}
