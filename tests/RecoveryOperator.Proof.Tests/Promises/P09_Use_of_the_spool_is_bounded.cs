using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P9: memory and disk use are bounded. (Memory of a capture: MemoryBoundTests; bandwidth and concurrency: the tests of their limits.)</summary>
public sealed class P09_Use_of_the_spool_is_bounded
{
    [Fact]
    public Task Without_room_nothing_is_cut_and_nothing_is_lost() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_looking_at_the_room_the_reserved_part_is_used() =>
        Promise.BreaksWithoutAsync(Guard.SpoolBound, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        await world.SettleAsync();
        world.Fill(0, 2, 2);
        world.Agent.FreeSpoolBytes = 1000;

        Assert.Equal("NoSpoolSpace", (await world.Agent.CutAsync())?.Reason);
        world.Agent.FreeSpoolBytes = 1L << 40;
        await world.SettleAsync();
    }
}
