using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>What a user and a policy say about a resynchronization: token, window, pause, cancel.</summary>
public sealed class ResyncWishesTests : ResyncBench
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_token_asks_for_one_at_once_and_the_same_token_for_no_other(bool tracks)
    {
        Use(tracks);
        await ReplicateAsync();
        Want(resync => resync.Token = "please");

        await ResynchronizeAsync();
        await Bench.RunAsync();

        Assert.Equal([Completes.Initial, Completes.Resync, Completes.None], Bench.Vault.Manifests(1).Select(set => set.Completes));
        Assert.Equal("please", Bench.Progress.ResyncToken);
    }

    [Fact]
    public async Task A_large_one_that_nobody_asked_for_waits_for_the_window_and_pauses_at_its_end()
    {
        await ReplicateAsync();
        for (int block = 0; block < 60; block++)
            Scribble(block % 2, block / 2 * 2 * 65536, 65536);
        Machine.LoseTracking();

        CycleRest rest = await RunToRestAsync();

        Assert.Equal(ResyncStage.WaitingForWindow, Bench.Context.Resync.Stage);
        Assert.Equal(new DateTimeOffset(2026, 5, 4, 18, 30, 0, TimeSpan.Zero), rest.Until);
        Assert.Equal(rest.Until, Bench.Context.Resync.StartsAt);
        Assert.InRange(Bench.Progress.Resync!.EstimatedBytes!.Value, 30 * 65536, 2 * DiskSizeBytes);
        int reads = 0;
        Machine.OnRead = () =>
        {
            if (++reads == 2)
                Time.SetUtcNow(new DateTimeOffset(2026, 5, 5, 7, 0, 0, TimeSpan.Zero));
        };
        Time.SetUtcNow(new DateTimeOffset(2026, 5, 4, 18, 30, 0, TimeSpan.Zero));

        rest = (await Bench.RunAsync())!.Value;

        Assert.Equal(new DateTimeOffset(2026, 5, 5, 18, 30, 0, TimeSpan.Zero), rest.Until);
        Assert.False(Bench.Progress.Resync!.Complete);
        Assert.NotEmpty(Bench.Context.Store.LoadBaseSegments(EngineBench.ProtectionId));
        Want(resync => resync.Token = "now");
        await ResynchronizeAsync();
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_cancel_while_paused_that_finds_the_completing_set_waiting_has_that_committed_and_nothing_cut_behind_it()
    {
        await ReplicateAsync();
        Scribble(0, 0, 65536);
        Want(resync => resync.Token = "now");
        Bench.Points.OnHit = (_, name) =>
        {
            if (name == "before Commit" && Bench.Progress.Phase == EnginePhase.Resynchronizing)
                throw new InjectedFaultException(name);
        };
        for (int cycle = 0; cycle < 20 && (Bench.Progress.Phase != EnginePhase.Resynchronizing || Bench.Context.CutsWaiting == 0); cycle++)
        {
            await Record.ExceptionAsync(Bench.RunAsync);
            await VaultAgent.RunAsync();
        }

        Assert.Equal((EnginePhase.Resynchronizing, 1), (Bench.Progress.Phase, Bench.Context.CutsWaiting));
        Bench.Points.OnHit = null;
        Bench.Want(desired => (desired.Paused, desired.Resync) = (true, new ResyncTerms { Token = "now", Action = ResyncAction.Cancel }));

        CycleRest? rest = await Bench.RunAsync();

        Assert.NotNull(rest);
        Assert.Equal([Completes.Initial, Completes.Resync], Bench.Vault.Manifests(1).Select(set => set.Completes));
        Assert.Equal((EnginePhase.Replicating, 0), (Bench.Progress.Phase, Bench.Context.CutsWaiting));
    }

    [Fact]
    public async Task A_paused_one_stays_where_it_is_and_goes_on()
    {
        await ReplicateAsync();
        Scribble(0, 0, DiskSizeBytes);
        Machine.LoseTracking();
        Want(resync => (resync.Token, resync.Action) = ("now", ResyncAction.Run));
        Machine.OnRead = () => Want(resync => resync.Action = ResyncAction.Pause);

        CycleRest rest = await RunToRestAsync(ResyncStage.WaitingForUser);
        Machine.OnRead = null;
        int snapshots = Machine.SnapshotsOpened;
        await Bench.RunAsync();

        Assert.Null(rest.Until);
        Assert.Equal(snapshots, Machine.SnapshotsOpened);
        Want(resync => resync.Action = ResyncAction.Run);
        await ResynchronizeAsync();
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_canceled_one_of_a_healthy_protection_goes_back_to_replicating_with_nothing_lost()
    {
        await ReplicateAsync();
        Scribble(0, 65536, 65536);
        Want(resync => resync.Token = "now");
        await RunToRestAsync(ResyncStage.WaitingForVault, answers: false);
        Scribble(1, 3 * 65536, 65536);
        Want(resync => resync.Action = ResyncAction.Cancel);

        Assert.Null(await Bench.RunAsync());

        await VaultAgent.RunAsync();
        Assert.Equal(EnginePhase.Replicating, Bench.Progress.Phase);
        Assert.Equal([1L, 2L], VaultAgent.Points.Keys);
        Assert.Equal([Bench.Progress.Last!.Checkpoint.Value], Machine.CheckpointIds);
    }

    [Fact]
    public async Task A_canceled_one_without_tracking_waits_for_a_new_token()
    {
        await ReplicateAsync();
        Machine.LoseTracking();
        await RunToRestAsync(ResyncStage.WaitingForVault, answers: false);
        Want(resync => resync.Action = ResyncAction.Cancel);
        await FaultOfRunAsync();
        Want(resync => resync.Action = ResyncAction.Run);

        Fault fault = await FaultOfRunAsync();

        Assert.Equal((FaultCategory.ResyncRequired, FaultReasons.ChangeTrackingLost), (fault.Category, fault.Reason));
        Assert.True(Bench.Context.IsEnded);
        Want(resync => resync.Token = "now");
        Assert.False(Bench.Context.IsEnded);
        await ResynchronizeAsync();
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task One_that_never_begins_by_itself_waits_for_a_token()
    {
        await ReplicateAsync();
        Want(resync => resync.ManualOnly = true);
        Machine.LoseTracking();
        await FaultOfRunAsync();

        Assert.Equal(FaultReasons.ChangeTrackingLost, (await FaultOfRunAsync()).Reason);
        Assert.True(Bench.Context.IsEnded);
        Want(resync => resync.Token = "now");
        await ResynchronizeAsync();
        await AssertGoesOnAsync();
    }
}
