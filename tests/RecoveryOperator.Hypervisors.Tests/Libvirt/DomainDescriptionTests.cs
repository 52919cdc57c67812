using System.Xml.Linq;
using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

public sealed class DomainDescriptionTests
{
    [Fact]
    public void A_disk_attached_for_the_next_start_only_does_not_shift_the_others()
    {
        var described = DomainDescription.WithLiveDisks(Domain("sda", "vda", "vdb"), Domain("vda", "vdb"));

        Assert.Equal([(0, "vda", "/d/vda.qcow2"), (1, "vdb", "/d/vdb.qcow2")], DomainDisk.All(described).Select(disk => (disk.Index, disk.Target, disk.Source!)));
        Assert.Equal("memory", described.Element("devices")!.Elements().First().Name.LocalName);
    }

    [Fact]
    public void A_disk_detached_from_the_running_guest_only_does_not_shift_the_others() => Assert.Equal(
        [(0, "vdb")], DomainDisk.All(DomainDescription.WithLiveDisks(Domain("vda", "vdb"), Domain("vdb"))).Select(disk => (disk.Index, disk.Target)));

    [Fact]
    public void The_stored_definition_stays_as_it_is_while_the_disks_are_the_same()
    {
        var stored = Domain("vda");

        Assert.Same(stored, DomainDescription.WithLiveDisks(stored, Domain("vda")));
    }

    [Theory]
    [InlineData(LibvirtDomainState.Off, 0, false)]
    [InlineData(LibvirtDomainState.Paused, 1, false)]
    [InlineData(LibvirtDomainState.Paused, LibvirtConstants.PausedByIoError, true)]
    [InlineData(LibvirtDomainState.Running, 0, true)]
    internal void A_machine_started_only_to_be_read_is_left_alone_once_it_ran(LibvirtDomainState state, int reason, bool ran) =>
        Assert.Equal(ran, DomainHold.WasResumed(state, reason));

    private static XElement Domain(params string[] targets) => new(
        "domain",
        new XElement(
            "devices",
            new XElement("memory"),
            targets.Select(target => new XElement(
                "disk",
                new XAttribute("type", "file"),
                new XElement("source", new XAttribute("file", $"/d/{target}.qcow2")),
                new XElement("target", new XAttribute("dev", target))))));
}
