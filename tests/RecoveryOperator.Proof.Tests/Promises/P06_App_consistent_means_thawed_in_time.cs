using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P6: <c>app-consistent</c> is written only when the guest was quiesced and thawed in time. (Freezing and thawing themselves: the tests on a real guest with a real guest agent.)</summary>
public sealed class P06_App_consistent_means_thawed_in_time
{
    [Fact]
    public Task A_set_whose_thaw_came_late_is_crash_consistent_and_says_why() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_asking_whether_the_guest_was_thawed_in_time_it_is_called_app_consistent() =>
        Promise.BreaksWithoutAsync(Guard.ThawedInTime, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        world.AppConsistentInterval = TimeSpan.FromHours(1);
        await world.Agent.PutAsync(paused: false, frequencyMinutes: 600);
        await world.SettleAsync();
        world.Time.Advance(TimeSpan.FromHours(2));
        world.Machine.ThawsLate = true;
        world.Fill(0, 1, 1);
        await world.CommitAsync();
        SetManifest late = world.Sets[world.Sets.Keys.Max()].Manifest;
        Assert.True(late.Consistency == Consistency.CrashConsistent, $"a set that was not thawed in time ({late.ConsistencyReason}) is called {late.Consistency}");
        Assert.Contains("ThawFailed", late.ConsistencyReason, StringComparison.Ordinal);

        world.Machine.ThawsLate = false;
        world.Time.Advance(TimeSpan.FromHours(2));
        await world.CommitAsync();
        Assert.Equal(Consistency.AppConsistent, world.Sets[world.Sets.Keys.Max()].Manifest.Consistency);
        await world.SettleAsync();
    }
}
