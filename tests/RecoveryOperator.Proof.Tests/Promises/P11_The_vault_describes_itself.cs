using System.Text.Json;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>
/// P11: with the storage account alone every machine can be listed and recovered: what it was, and what it held. (The commands of the binary on a
/// real storage: VaultCommandTests.)
/// </summary>
public sealed class P11_The_vault_describes_itself
{
    [Fact]
    public Task Machines_their_points_and_their_definitions_are_found_with_the_account_alone() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_the_machine_in_its_points_nobody_knows_what_to_recover() =>
        Promise.BreaksWithoutAsync(Guard.MachineInPoints, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        world.Fill(1, 2, 2);
        await world.SettleAsync();
        VaultAccount account = world.Connect(new HttpClient(world.Service, disposeHandler: false));
        List<ProtectionId> found = [];
        await foreach (ProtectionId id in account.ListProtectionsAsync(World.Token))
            found.Add(id);

        ProtectionVault vault = account.Open(Assert.Single(found));
        Assert.Equal("web-1", (await vault.ReadVmAsync(World.Token))?.Value.MachineName);
        RecoveryPointDocument point = (await vault.ListPointsAsync(World.Token))[^1];
        VirtualMachineDefinition? machine = point.Machine.Definition.Deserialize<VirtualMachineDefinition>(VaultJson.Options);
        Assert.True(machine is not null, "the point does not say what the machine was");
        Assert.Equal(point.Disks.Select(disk => (disk.Index, disk.SizeBytes)), machine.Disks.Select(disk => (disk.Index, disk.SizeBytes)));
        Assert.Equal("<model/>", machine.NativeDefinition);
    }
}
