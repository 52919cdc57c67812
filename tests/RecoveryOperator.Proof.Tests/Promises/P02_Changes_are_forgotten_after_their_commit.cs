using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P2: the source forgets a change only after the set that carries it is committed; on failure old and new changes are merged.</summary>
public sealed class P02_Changes_are_forgotten_after_their_commit
{
    [Fact]
    public Task Changes_of_a_cut_that_was_dropped_come_with_the_next_one() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_waiting_for_the_commit_the_changes_are_lost() =>
        Promise.BreaksWithoutAsync(Guard.ForgetAfterCommit, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        await world.SettleAsync();
        world.Fill(0, 2, 1);
        world.Agent.Network.Plan(NetworkFault.Outage, 1);
        Assert.NotNull(await world.Agent.CutAsync());
        world.Agent.Network.Plan(NetworkFault.None, 0);
        string file = Directory.GetFiles(world.Agent.SpoolFolder, "*.hrl", SearchOption.AllDirectories).Single();
        byte[] content = await File.ReadAllBytesAsync(file, World.Token);
        content[300] ^= 1;
        await File.WriteAllBytesAsync(file, content, World.Token);

        Assert.Equal("SpoolDamaged", (await world.Agent.CutAsync())?.Reason);
        world.Fill(1, 3, 2);
        await world.CommitAsync();

        Assert.All(world.Sets.Values.Skip(1), set => Assert.Equal(Completes.None, set.Manifest.Completes));
        await world.SettleAsync();
    }
}
