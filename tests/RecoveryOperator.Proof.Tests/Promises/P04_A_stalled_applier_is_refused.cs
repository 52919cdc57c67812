using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P4: fencing is decided by storage. (Seal against commit, grants: the tests of the vault and of failover.)</summary>
public sealed class P04_A_stalled_applier_is_refused
{
    [Fact]
    public Task What_an_applier_sends_after_another_took_over_changes_nothing() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_leases_of_ones_own_a_late_page_spoils_the_next_point() =>
        Promise.BreaksWithoutAsync(Guard.OwnLeases, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        await world.SettleAsync();
        world.Fill(0, 1, 1);
        await world.CommitAsync();
        using ApplierProcess first = new(world, null);
        Task<ApplyResult?> stalled = await StallAsync(first, "disk-0.vhd");
        world.Fill(0, 1, 2);
        await world.CommitAsync();
        world.Time.Advance(World.LeaseDuration + TimeSpan.FromSeconds(1));
        await world.ApplyAllAsync();

        // A third one is at work, on another disk, when the first wakes up and writes what was right two sets ago.
        world.Fill(1, 5, 3);
        await world.CommitAsync();
        using ApplierProcess third = new(world, null);
        Task<ApplyResult?> working = await StallAsync(third, "disk-1.vhd");
        first.Network.Wake();
        await stalled;
        third.Network.Wake();
        await working;

        await world.SettleAsync();
    }

    private static async Task<Task<ApplyResult?>> StallAsync(ApplierProcess applier, string disk)
    {
        applier.Network.Plan(
            NetworkFault.Stall,
            request => request.RequestUri!.AbsolutePath.EndsWith(disk, StringComparison.Ordinal) && request.RequestUri.Query.Contains("comp=page", StringComparison.Ordinal));
        Task<ApplyResult?> working = applier.RunAsync();
        await applier.Network.Stalled.WaitAsync(TimeSpan.FromSeconds(60), World.Token);
        return working;
    }
}
