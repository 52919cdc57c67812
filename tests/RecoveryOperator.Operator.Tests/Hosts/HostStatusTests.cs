using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Hosts;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Tests.Hosts;

public sealed class HostStatusTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly ConditionFact Fine = new("SettingsApplied", true, "Applied", "Applied.");

    private static readonly HostDescription Said = new()
    {
        Driver = "Images",
        AgentVersion = "1.2.3",
        FreeStorageBytes = 5L << 30,
        Machines =
        {
            new MachineInfo
            {
                Id = "m-1",
                Name = "web",
                State = MachineState.Running,
                Disks = { new DiskInfo { Target = "vda", SizeBytes = 3 }, new DiskInfo { Target = "vdb", SizeBytes = 4 } },
                Nics = { new NicInfo { Network = "lan" }, new NicInfo { Network = "" }, new NicInfo { Network = "dmz" }, new NicInfo { Network = "lan" } },
            },
        },
    };

    [Fact]
    public void The_inventory_tells_disks_interfaces_networks_and_size_of_each_machine()
    {
        var vm = Assert.Single(Build(null, AgentPresence.Connected).Vms!.Items);

        Assert.Equal(("web", "m-1", VmState.Running, 2, 7L, 4), (vm.Name, vm.Id, vm.State, vm.DiskCount, vm.SizeBytes, vm.NicCount));
        Assert.Equal(["dmz", "lan"], vm.Networks);
    }

    [Fact]
    public void What_a_silent_agent_said_is_unknown_and_its_machines_are_not_told()
    {
        var before = Build(null, AgentPresence.Connected);
        var silent = Build(before, AgentPresence.Silent);

        Assert.Equal((true, (bool?)null), (before.Connected, silent.Connected));
        Assert.Null(silent.Vms);
        Assert.Equal(["Unknown", "Unknown"], silent.Conditions.Where(c => c.Type is "Connected" or "DriverMatchesSite").Select(c => c.Status));
        Assert.Equal((before.LastSeenTime, "1.2.3"), (silent.LastSeenTime, silent.AgentVersion));
    }

    private static RecoveryHostStatus Build(RecoveryHostStatus? before, AgentPresence presence)
    {
        var host = new RecoveryHost { Metadata = new() { Name = "host", NamespaceProperty = "ns", Generation = 1 }, Spec = new() { SiteRef = new() { Name = "site" }, Address = "https://a:1" }, Status = before };
        var site = new RecoverySite { Metadata = new() { Name = "site" }, Spec = new() { Type = SiteType.Images } };
        var failure = presence == AgentPresence.Connected ? null : new Obstacle("AgentUnreachable", "It does not answer: start it.");
        return HostStatusBuilder.Build(host, new(site, new(presence, Now, failure), Said, null, Fine, Fine with { Type = "Enrolled" }), TimeSpan.FromMinutes(15), Now);
    }
}
