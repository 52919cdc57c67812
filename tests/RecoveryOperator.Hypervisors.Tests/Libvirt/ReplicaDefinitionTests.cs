using System.Xml.Linq;
using RecoveryOperator.Hypervisors.Libvirt;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

public sealed class ReplicaDefinitionTests
{
    private const string Source =
        """
        <domain type='qemu'>
          <name>web-1</name><uuid>11111111-1111-1111-1111-111111111111</uuid>
          <metadata><x:app xmlns:x='urn:other'/></metadata>
          <sysinfo type='smbios'><system><entry name='uuid'>11111111-1111-1111-1111-111111111111</entry><entry name='serial'>7</entry></system></sysinfo>
          <os firmware='efi'><type>hvm</type><nvram>/var/lib/libvirt/qemu/nvram/web-1.fd</nvram></os>
          <on_crash>restart</on_crash>
          <devices>
            <disk type='file' device='cdrom'><source file='/iso/setup.iso'/><target dev='sda' bus='sata'/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/><source file='/d/a.qcow2'/><target dev='vda' bus='virtio'/><boot order='1'/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/d/b.qcow2'/><target dev='vdb' bus='virtio'/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/d/c.qcow2'/><target dev='vdc' bus='virtio'/></disk>
            <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br7'/><model type='virtio'/><filterref filter='clean-traffic'/></interface>
            <interface type='network'><mac address='52:54:00:00:00:02'/><source network='backup'/><model type='e1000'/></interface>
            <serial type='file'><source path='/logs/web-1.log'/><target port='0'/></serial>
            <console type='file'><source path='/logs/web-1.log'/><target type='serial' port='0'/></console>
            <graphics type='vnc' port='5901' autoport='no' listen='10.0.0.1'/>
            <hostdev mode='subsystem' type='pci'/>
          </devices>
          <seclabel type='static' model='dac'/>
        </domain>
        """;

    private static readonly ReplicaDisk[] Disks =
    [
        new(0, 16 << 20, new Uri("https://account.blob.example/c/disk-0.vhd?snapshot=2026-01-01T00%3A00%3A00Z&sig=a%2Bb%3D")),
        new(2, 32 << 20, new Uri("http://127.0.0.1:10000/account/c/disk-2.vhd?snapshot=2026-01-01T00%3A00%3A00Z&sig=a%2Bb%3D")),
    ];

    private static readonly VirtualDisk[] Defined =
        [new(0, "vda", 16 << 20, "virtio", "qcow2", "/d/a.qcow2"), new(1, "vdb", 16 << 20, "virtio", "qcow2", "/d/b.qcow2"), new(2, "vdc", 32 << 20, "virtio", "qcow2", "/d/c.qcow2")];

    private readonly XElement _replica = ReplicaDefinition.Build(
        new ReplicaRequest("owner", "op-1", "web-1-test", new VirtualMachineDefinition("Libvirt", 1, 1, "Uefi", Defined, [], Source), Disks, ["isolated", null]),
        Guid.Parse("22222222-2222-8222-8222-222222222222"),
        new ReplicaPlaces(target => $"/storage/{target}.qcow2", "/consoles", "/run/ro/vault.sock"));

    private XElement Devices => _replica.Element("devices")!;

    [Fact]
    public void It_has_an_identity_of_its_own_and_carries_the_mark()
    {
        Assert.Equal("web-1-test", (string?)_replica.Element("name"));
        Assert.DoesNotContain("11111111", _replica.ToString(), StringComparison.Ordinal);
        var mark = _replica.Element("metadata")!.Element(LibvirtNames.Replica + "replica")!;
        Assert.Equal(("owner", "op-1"), ((string?)mark.Attribute("owner"), (string?)mark.Attribute("operation")));
        Assert.Equal("7", _replica.Descendants("entry").Single().Value);
        Assert.Equal("restart", (string?)_replica.Element("on_crash"));
    }

    [Theory]
    [InlineData("<hostdev mode='subsystem' type='pci'/>")]
    [InlineData("<x><hostdev mode='subsystem' type='pci'/></x>")]
    public void A_device_of_the_sources_host_is_left_out_wherever_it_stands(string misplaced)
    {
        var replica = ReplicaDefinition.Build(
            new ReplicaRequest("owner", "op-1", "web-1-test", new VirtualMachineDefinition("Libvirt", 1, 1, "Uefi", [], [], $"<domain type='kvm'><name>web-1</name>{misplaced}</domain>"), [], []),
            Guid.Parse("22222222-2222-8222-8222-222222222222"),
            new ReplicaPlaces(target => $"/storage/{target}.qcow2", "/consoles", "/run/ro/vault.sock"));

        Assert.Empty(replica.Descendants("hostdev"));
    }

    [Fact]
    public void Each_disk_is_an_overlay_over_its_own_export_and_no_grant_is_in_the_definition()
    {
        var disks = DomainDisk.Elements(_replica).ToList();

        Assert.Equal(["vda", "vdc"], disks.Select(disk => (string?)disk.Element("target")!.Attribute("dev")));
        Assert.Equal(["/storage/vda.qcow2", "/storage/vdc.qcow2"], disks.Select(disk => (string?)disk.Element("source")!.Attribute("file")));
        Assert.All(disks, disk => Assert.Equal("stop", (string?)disk.Element("driver")!.Attribute("rerror_policy")));
        var sources = disks.Select(disk => disk.Element("backingStore")!.Element("source")!).ToList();
        Assert.Equal(["ro-22222222-2222-8222-8222-222222222222-vda", "ro-22222222-2222-8222-8222-222222222222-vdc"], sources.Select(source => (string?)source.Attribute("name")));
        Assert.All(sources, source => Assert.Equal(("nbd", "/run/ro/vault.sock"), ((string?)source.Attribute("protocol"), (string?)source.Element("host")!.Attribute("socket"))));
        Assert.DoesNotContain("sig", _replica.ToString(), StringComparison.Ordinal);
        Assert.Single(disks[0].Elements("boot"));
    }

    [Fact]
    public void Network_interfaces_keep_their_hardware_and_change_their_network()
    {
        var nics = Devices.Elements("interface").ToList();

        Assert.Equal(["52:54:00:00:00:01", "52:54:00:00:00:02"], nics.Select(nic => (string?)nic.Element("mac")!.Attribute("address")));
        Assert.Equal(("network", "isolated"), ((string?)nics[0].Attribute("type"), (string?)nics[0].Element("source")!.Attribute("network")));
        Assert.Equal(("ethernet", "down"), ((string?)nics[1].Attribute("type"), (string?)nics[1].Element("link")?.Attribute("state")));
        Assert.Null(nics[0].Element("link"));
        Assert.Null(nics[1].Element("source"));
        Assert.Empty(Devices.Descendants("filterref"));
    }

    [Fact]
    public void What_belongs_to_the_sources_host_is_left_out()
    {
        Assert.Empty(Devices.Elements("hostdev"));
        Assert.Empty(_replica.Elements("seclabel"));
        Assert.Empty(_replica.Descendants("nvram"));
        Assert.DoesNotContain("/iso/", _replica.ToString(), StringComparison.Ordinal);
        Assert.Null(Devices.Element("graphics")!.Attribute("port"));
        Assert.All(Devices.Elements("serial").Concat(Devices.Elements("console")), console => Assert.Equal("/consoles/web-1-test.log", (string?)console.Element("source")!.Attribute("path")));
    }
}
