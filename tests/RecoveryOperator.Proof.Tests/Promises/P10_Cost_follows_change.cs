using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P10: a cycle on an idle VM reads no disk data; shipping costs the changed bytes.</summary>
public sealed class P10_Cost_follows_change
{
    [Fact]
    public Task An_idle_cycle_reads_nothing_and_one_changed_block_costs_one_block() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_the_trackers_word_the_whole_disk_is_read() =>
        Promise.BreaksWithoutAsync(Guard.ChangesOnly, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        for (int block = 0; block < 16; block++)
            world.Fill(0, block, block);
        await world.SettleAsync();
        long read = world.Machine.BytesRead;
        await world.CommitAsync();
        Assert.Equal(read, world.Machine.BytesRead);

        world.Fill(0, 3, 99);
        await world.CommitAsync();
        Assert.Equal(read + 65536, world.Machine.BytesRead);
        long shippedBytes = world.Sets[world.Sets.Keys.Max()].Manifest.Disks.Sum(disk => disk.Segments.Sum(segment => segment.LengthBytes));
        Assert.InRange(shippedBytes, 65536, 66536);
        await world.SettleAsync();
    }
}
