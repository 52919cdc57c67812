using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P7: whatever is killed, whenever, replication continues without a full copy. (Every effect, every request: the crash matrices and the model.)</summary>
public sealed class P07_Replication_goes_on_after_any_kill
{
    [Fact]
    public Task A_process_killed_with_its_snapshot_open_is_succeeded_by_one_that_goes_on() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_ending_what_was_left_open_no_set_is_ever_cut_again() =>
        Promise.BreaksWithoutAsync(Guard.EndLeftovers, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        for (int block = 0; block < 16; block++)
            world.Fill(0, block, block);
        await world.SettleAsync();
        long read = world.Machine.BytesRead;
        world.Fill(0, 2, 99);
        world.Machine.OnRead = () => world.Agent.Effects.BreakIn(1, kills: true);
        Assert.NotNull(await world.Agent.CutAsync());
        Assert.True(world.Machine.HasOpenSnapshot, "it was not killed with its snapshot open");

        await world.SettleAsync();
        Assert.InRange(world.Machine.BytesRead - read, 65536, 4 * 65536);
    }
}
