using RecoveryOperator.Agent.HostRole;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Tests.HostRole;

public class VaultLimitsTests
{
    private const long TiB = 1024L * 1024 * 1024 * 1024;

    [Theory]
    [InlineData(8 * TiB, false, 1)]
    [InlineData((8 * TiB) - 512, false, 1)]
    [InlineData((8 * TiB) - (1024 * 1024), false, 0)]
    [InlineData(9 * TiB, true, 0)]
    public void A_disk_that_with_its_footer_exceeds_8_TiB_is_told_beforehand(long sizeBytes, bool isExcluded, int failures)
    {
        VirtualMachineDefinition definition = new("Images", 1, 1, "Bios", [new VirtualDisk(0, "vda", sizeBytes, "virtio", "raw", null), new VirtualDisk(1, "vdb", TiB, "virtio", "raw", null)], [], null);
        VirtualMachine machine = new("m", "web", PowerState.Running, definition);

        var found = VaultLimits.Check(machine, isExcluded ? ["vda"] : []).ToList();

        Assert.Equal(failures, found.Count);
        Assert.All(found, fault => Assert.Contains("vda", fault.Message, StringComparison.Ordinal));
    }
}
