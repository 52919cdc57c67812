using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P1: a set exists if and only if its manifest does; all disks of a VM in a set are of one instant. (That no set lacks a segment: the crash matrix and the model.)</summary>
public sealed class P01_A_set_is_of_one_instant
{
    [Fact]
    public Task An_image_that_was_written_to_while_it_was_read_gives_no_set() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_asking_whether_the_snapshot_is_intact_a_set_is_of_no_instant() =>
        Promise.BreaksWithoutAsync(Guard.OneInstant, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        world.Fill(0, 1, 1);
        world.Fill(1, 1, 2);
        await world.SettleAsync();

        world.Fill(0, 1, 3);
        world.Fill(1, 1, 4);
        world.Machine.TearsSnapshots = true;
        int writes = 0;
        world.Machine.OnRead = () => world.Fill(1, 1, 100 + Interlocked.Increment(ref writes));
        await world.Agent.CutAsync();
        world.Machine.TearsSnapshots = false;

        await world.SettleAsync();
    }
}
