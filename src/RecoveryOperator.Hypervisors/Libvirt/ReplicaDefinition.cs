using System.Xml;
using System.Xml.Linq;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// Makes a replica's domain XML from the source's: same hardware, other identity, disks as overlays over the vault, what belongs to the
/// source's host removed.
/// </summary>
internal static class ReplicaDefinition
{
    /// <summary>No document type: it could stand for more text than there is memory.</summary>
    private static readonly XmlReaderSettings Strict = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };

    /// <summary>Devices that belong to the source's host.</summary>
    private static readonly string[] HostBound = ["hostdev", "filesystem", "shmem", "redirdev"];

    /// <summary>The parts of a network interface that are the guest's, not the host's.</summary>
    private static readonly string[] GuestNic = ["mac", "model", "driver", "address", "boot", "rom", "mtu", "alias"];

    public static XElement Build(ReplicaRequest request, Guid id, ReplicaPlaces places)
    {
        var domain = Parse(request);
        domain.SetElementValue("name", request.Name);
        domain.SetElementValue("uuid", id.ToString());
        domain.Element("metadata")?.Remove();
        domain.Add(new XElement("metadata", new XElement(
            LibvirtNames.Replica + "replica",
            new XAttribute(XNamespace.Xmlns + "ro", LibvirtNames.Replica),
            new XAttribute("owner", request.Owner),
            new XAttribute("operation", request.OperationId))));
        domain.Elements("seclabel").Remove();
        domain.Element("os")?.Elements("nvram").Remove();
        domain.Elements("sysinfo").Elements("system").Elements("entry").Where(entry => (string?)entry.Attribute("name") == "uuid").Remove();
        foreach (var name in HostBound) domain.Descendants(name).Remove(); // Wherever it stands: whoever reads a broken definition next may be less strict.
        if (domain.Element("devices") is not { } devices) return domain;
        devices.Elements("channel").Elements("source").Remove();
        foreach (var graphics in devices.Elements("graphics")) FreePort(graphics);
        ReplaceDisks(devices, request, id, places);
        ReplaceNics(devices, request.Networks);
        ReplaceConsoles(devices, Path.Combine(places.ConsoleDirectory, request.Name));
        return domain;
    }

    /// <summary>The definition comes out of the vault: a host wrote it.</summary>
    private static XElement Parse(ReplicaRequest request)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(request.Definition.NativeDefinition ?? string.Empty), Strict);
            var domain = XElement.Load(reader);
            if (domain.Name == "domain") return domain;
            throw Unreadable(request, $"its root is <{domain.Name.LocalName}>, not <domain>", null);
        }
        catch (XmlException error)
        {
            throw Unreadable(request, error.Message, error);
        }
    }

    private static HypervisorException Unreadable(ReplicaRequest request, string finding, Exception? cause) => new(
        HypervisorFault.Unsupported,
        $"the definition of {request.Name} in the recovery point is no domain of libvirt: {finding}",
        "recover from another point; this one's disks are not touched by it and can be restored to files",
        cause);

    private static void ReplaceDisks(XElement devices, ReplicaRequest request, Guid id, ReplicaPlaces places)
    {
        foreach (var drive in devices.Elements("disk").Except(DomainDisk.Elements(devices.Parent!)).ToList())
            drive.Elements("source").Remove();
        foreach (var (disk, element) in DomainDisk.All(devices.Parent!).Zip([.. DomainDisk.Elements(devices.Parent!)]))
        {
            // By target: the definition's disks keep their indexes when one before them is detached, the XML has places only.
            var index = request.Definition.Disks.FirstOrDefault(defined => defined.Target == disk.Target)?.Index;
            if (request.Disks.All(wanted => wanted.Index != index))
            {
                element.Remove();
                continue;
            }

            element.SetAttributeValue("type", "file");
            foreach (var name in new[] { "driver", "source", "backingStore", "mirror", "auth", "encryption" }) element.Elements(name).Remove();
            element.AddFirst(
                // A vault that is away must pause the guest, never show it an I/O error.
                new XElement(
                    "driver",
                    new XAttribute("name", "qemu"),
                    new XAttribute("type", "qcow2"),
                    new XAttribute("error_policy", "stop"),
                    new XAttribute("rerror_policy", "stop"),
                    new XAttribute("discard", "unmap")),
                new XElement("source", new XAttribute("file", places.Overlay(disk.Target))),
                VaultBacking(ReplicaDisks.ExportName(id, disk.Target), places.VaultSocket));
        }
    }

    /// <summary>The disk in the vault, as this host's agent serves it. No address and no grant: those are the agent's.</summary>
    private static XElement VaultBacking(string export, string socket) => new(
        "backingStore",
        new XAttribute("type", "network"),
        new XElement("format", new XAttribute("type", "raw")),
        new XElement(
            "source",
            new XAttribute("protocol", "nbd"),
            new XAttribute("name", export),
            new XElement("host", new XAttribute("transport", "unix"), new XAttribute("socket", socket))),
        new XElement("backingStore"));

    private static void ReplaceNics(XElement devices, IReadOnlyList<string?> networks)
    {
        foreach (var (nic, index) in devices.Elements("interface").Select((nic, index) => (nic, index)).ToList())
        {
            var network = index < networks.Count ? networks[index] : null;
            nic.Elements().Where(element => !GuestNic.Contains(element.Name.LocalName)).Remove();
            nic.ReplaceAttributes(new XAttribute("type", network is null ? "ethernet" : "network"));
            nic.Add(network is null ? Unplugged() : new XElement("source", new XAttribute("network", network)));
        }
    }

    /// <summary>
    /// A tap of its own on no bridge, its cable pulled: QEMU passes nothing on. What libvirt has for it, an interface of type "null", kills
    /// libvirt 9.0's daemon when the machine is started.
    /// </summary>
    private static XElement Unplugged() => new("link", new XAttribute("state", "down"));

    private static void ReplaceConsoles(XElement devices, string pathStem)
    {
        foreach (var serial in devices.Elements("serial").Concat(devices.Elements("console")))
        {
            serial.Elements("log").Remove();
            if ((string?)serial.Attribute("type") != "file") continue;
            var port = (string?)serial.Element("target")?.Attribute("port") ?? "0";
            serial.Element("source")?.SetAttributeValue("path", port == "0" ? $"{pathStem}.log" : $"{pathStem}-{port}.log");
        }
    }

    private static void FreePort(XElement graphics)
    {
        graphics.Attributes().Where(attribute => attribute.Name.LocalName is "port" or "tlsPort" or "websocket" or "socket").Remove();
        graphics.Elements("listen").Remove();
        graphics.Attribute("listen")?.Remove();
        graphics.SetAttributeValue("autoport", "yes");
    }
}
