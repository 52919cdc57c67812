using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P4: fencing is decided by storage. (Seal against commit, grants: the tests of the vault and of failover.)</summary>
public sealed class P04_A_stalled_applier_is_refused
{
    [Fact]
    public Task What_an_applier_sends_after_another_took_over_changes_nothing() => Promise.HoldsAsync(ScenarioAsync);

    /// <summary>Turns alone would still refuse the page, leases alone as well: both have to go.</summary>
    [Fact]
    public Task Without_leases_of_ones_own_a_late_page_spoils_the_next_point() =>
        Promise.BreaksWithoutAsync(Guard.OwnLeases | Guard.WritesInTurns, ScenarioAsync);

    [Fact]
    public Task What_was_sent_twice_and_arrives_late_changes_nothing() => Promise.HoldsAsync(LateScenarioAsync);

    [Fact]
    public Task Without_turns_a_page_that_was_sent_twice_spoils_the_next_point() => Promise.BreaksWithoutAsync(Guard.WritesInTurns, LateScenarioAsync);

    /// <summary>One applier, one session, one lease: a page write is repeated, and the first copy of it arrives between two later sets.</summary>
    private static async Task LateScenarioAsync(World world)
    {
        await world.SettleAsync();
        world.Fill(0, 1, 1);
        await world.CommitAsync();
        using ApplierProcess applier = new(world, null);
        applier.Network.Plan(NetworkFault.Late, request => IsPageOf(request, "disk-0.vhd"));
        Assert.Equal(ApplyOutcome.UpToDate, (await applier.RunAsync())?.Outcome);
        Assert.True(applier.Network.WasHit);

        world.Fill(0, 1, 2);
        await world.CommitAsync();
        Assert.Equal(ApplyOutcome.UpToDate, (await applier.RunAsync())?.Outcome);
        world.Fill(0, 2, 3);
        await world.CommitAsync();
        applier.Network.Plan(NetworkFault.Stall, request => IsPageOf(request, "disk-0.vhd"));
        Task<ApplyResult?> working = applier.RunAsync();
        await applier.Network.Stalled.WaitAsync(TimeSpan.FromSeconds(60), World.Token);
        await new DeliverLate().RunAsync(world);
        applier.Network.Wake();
        Assert.Equal(ApplyOutcome.UpToDate, (await working)?.Outcome);

        await world.CheckPointsAsync();
    }

    private static bool IsPageOf(HttpRequestMessage request, string disk) =>
        request.RequestUri!.AbsolutePath.EndsWith(disk, StringComparison.Ordinal) && request.RequestUri.Query.Contains("comp=page", StringComparison.Ordinal)
        && !request.RequestUri.Query.Contains("comp=pagelist", StringComparison.Ordinal);

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
        applier.Network.Plan(NetworkFault.Stall, request => IsPageOf(request, disk));
        Task<ApplyResult?> working = applier.RunAsync();
        await applier.Network.Stalled.WaitAsync(TimeSpan.FromSeconds(60), World.Token);
        return working;
    }
}
