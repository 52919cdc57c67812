using System.Globalization;
using System.Xml.Linq;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Describes a domain as the contract wants it.</summary>
internal static class DomainDescription
{
    public static VirtualMachine Of(LibvirtDomain domain) => Of(domain, domain.Xml(inactive: false));

    /// <param name="domain">The machine.</param>
    /// <param name="live">Its definition as of now, which the caller read already.</param>
    public static VirtualMachine Of(LibvirtDomain domain, XElement live)
    {
        var state = domain.State().State;
        var xml = WithLiveDisks(domain.Xml(inactive: true), live);
        return new VirtualMachine(domain.Id, domain.Name, Power(state), new VirtualMachineDefinition(
            LibvirtHypervisor.DriverName,
            (int?)xml.Element("vcpu") ?? 1,
            MemoryBytes(xml.Element("memory")),
            IsUefi(xml.Element("os")) ? "Uefi" : "Bios",
            [.. DomainDisk.All(xml).Select(disk => new VirtualDisk(disk.Index, disk.Target, SizeBytes(domain, disk), disk.Bus, disk.Format, disk.Source))],
            [.. (xml.Element("devices")?.Elements("interface") ?? []).Select(Nic)],
            WithoutSecrets(xml)));
    }

    public static PowerState Power(LibvirtDomainState state) => state switch
    {
        LibvirtDomainState.Running or LibvirtDomainState.Blocked or LibvirtDomainState.ShuttingDown => PowerState.Running,
        LibvirtDomainState.Paused or LibvirtDomainState.Suspended => PowerState.Paused,
        LibvirtDomainState.Off or LibvirtDomainState.Crashed => PowerState.Off,
        _ => PowerState.Unknown,
    };

    /// <summary>
    /// Content is read by the disks that the guest has now. A disk attached or detached for the next start only (or for the running guest only) would
    /// shift their indexes in the stored definition, and a replica's disks would be exchanged: where the two differ, the running guest's disks count.
    /// </summary>
    internal static XElement WithLiveDisks(XElement stored, XElement live)
    {
        if (DomainDisk.All(stored).Select(disk => disk.Target).SequenceEqual(DomainDisk.All(live).Select(disk => disk.Target))) return stored;
        DomainDisk.Elements(stored).ToList().ForEach(disk => disk.Remove());
        stored.Element("devices")?.Add(DomainDisk.Elements(live));
        return stored;
    }

    /// <summary>A disk whose image is missing has no size: prerequisites say so, an inventory must not fail for it.</summary>
    private static long SizeBytes(LibvirtDomain domain, DomainDisk disk) =>
        disk.Source is null || (disk.Type == "file" && !File.Exists(disk.Source)) ? 0 : domain.DiskSizeBytes(disk.Target);

    /// <summary>A definition travels into the vault: what grants access to a disk's source, or is this product's own mark, stays behind.</summary>
    private static string WithoutSecrets(XElement domain)
    {
        domain.Descendants("source").Attributes("query").Remove();
        domain.Descendants("cookies").Remove();
        domain.Elements("metadata").Elements().Where(element => element.Name.Namespace == LibvirtNames.Replica || element.Name.Namespace == LibvirtNames.Hold).Remove();
        return domain.ToString(SaveOptions.DisableFormatting);
    }

    private static VirtualNic Nic(XElement nic) => new(
        ((string?)nic.Element("mac")?.Attribute("address") ?? string.Empty).ToLowerInvariant(),
        (string?)(nic.Element("source")?.Attribute("network") ?? nic.Element("source")?.Attribute("bridge") ?? nic.Element("source")?.Attribute("dev")));

    private static bool IsUefi(XElement? os) =>
        (string?)os?.Attribute("firmware") == "efi" || (string?)os?.Element("loader")?.Attribute("type") == "pflash";

    private static long MemoryBytes(XElement? memory)
    {
        var value = long.Parse(memory?.Value ?? "0", CultureInfo.InvariantCulture);
        return ((string?)memory?.Attribute("unit") ?? "KiB") switch
        {
            "b" or "bytes" => value,
            "KB" => value * 1000,
            "MB" => value * 1_000_000,
            "GB" => value * 1_000_000_000,
            "M" or "MiB" => value << 20,
            "G" or "GiB" => value << 30,
            "T" or "TiB" => value << 40,
            _ => value << 10,
        };
    }
}
