using System.Xml.Linq;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>A disk as the domain's XML has it; CD-ROM and floppy drives are none.</summary>
internal sealed record DomainDisk(int Index, string Target, string Bus, string Type, string Format, string? Source, bool IsReadOnly, bool IsShareable)
{
    /// <summary>All disks, numbered in the order of the definition.</summary>
    public static IReadOnlyList<DomainDisk> All(XElement domain) => [.. Elements(domain).Select((disk, index) => new DomainDisk(
        index,
        (string?)disk.Element("target")?.Attribute("dev") ?? $"disk{index}",
        (string?)disk.Element("target")?.Attribute("bus") ?? "unknown",
        (string?)disk.Attribute("type") ?? "file",
        (string?)disk.Element("driver")?.Attribute("type") ?? "raw",
        SourceOf(disk.Element("source")),
        disk.Element("readonly") is not null,
        disk.Element("shareable") is not null))];

    /// <summary>Their elements, in the same order.</summary>
    public static IEnumerable<XElement> Elements(XElement domain) => (domain.Element("devices")?.Elements("disk") ?? [])
        .Where(disk => (string?)disk.Attribute("device") is null or "disk" or "lun");

    private static string? SourceOf(XElement? source) =>
        (string?)(source?.Attribute("file") ?? source?.Attribute("dev") ?? source?.Attribute("volume") ?? source?.Attribute("name"));
}
