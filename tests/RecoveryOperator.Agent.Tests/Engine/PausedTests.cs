using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>A paused protection does nothing by itself; what somebody asks for is done all the same.</summary>
public sealed class PausedTests : EngineScene
{
    [Fact]
    public async Task A_set_that_is_asked_for_of_a_paused_protection_with_a_full_queue_is_cut_when_that_is_shipped()
    {
        await FillQueueAsync();
        int waiting = Status.CutsWaiting;
        await PutAsync(desired => desired.Paused = true);
        Bench.Vault.Outage = null;
        Write();

        CutInfo cut = await CutNowAsync().WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.Equal(waiting + 2, cut.Sequence);
        Assert.Equal((ProtectionPhase.Paused, 0), (Status.Phase, Status.CutsWaiting));
        await Bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task A_set_that_is_asked_for_of_a_paused_protection_with_a_full_queue_is_refused_while_the_vault_is_away()
    {
        await FillQueueAsync();
        await PutAsync(desired => desired.Paused = true);

        FaultException fault = await Assert.ThrowsAsync<FaultException>(() => CutNowAsync().WaitAsync(TimeSpan.FromSeconds(30), Token));

        Assert.Equal(FaultReasons.VaultUnavailable, fault.Fault.Reason);
    }

    [Fact]
    public async Task A_resynchronization_is_canceled_although_the_protection_is_paused_and_nothing_is_cut()
    {
        await BeginResyncAsync();
        await PutAsync(desired => (desired.Paused, desired.Resync) = (true, Terms(ResyncAction.Cancel)));
        await Eventually.HoldsAsync(() => Status.Resync is null, Token);
        int opened = Machine.SnapshotsOpened;
        int polls = 0;
        await PassTimeUntilAsync(() => ++polls > 20);

        Assert.Equal((ProtectionPhase.Paused, opened, 0), (Status.Phase, Machine.SnapshotsOpened, Status.CutsWaiting));
        await PutAsync(desired => desired.Resync = Terms(ResyncAction.Cancel));
        await PassTimeUntilAsync(() => Status is { Phase: ProtectionPhase.Replicating, CommittedSequence: >= 2 });
        await Bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task A_cancel_that_was_put_before_a_restart_is_done_after_it_although_the_protection_is_paused()
    {
        await BeginResyncAsync();
        await Engine.DisposeAsync();
        DesiredProtection canceled = Bench.Desired.Clone();
        (canceled.Paused, canceled.Resync) = (true, Terms(ResyncAction.Cancel));
        Store.Put(canceled, Time.GetUtcNow(), new ProtectionProgress { Epoch = 1 });

        Engine = new ProtectionEngine(Bench.Restart());
        await Engine.StartAsync(Token);

        await Eventually.HoldsAsync(() => Status is { Phase: ProtectionPhase.Paused, Resync: null }, Token);
    }

    [Fact]
    public async Task A_resynchronization_of_a_paused_protection_waits()
    {
        await BeginResyncAsync();
        await PutAsync(desired => (desired.Paused, desired.Resync) = (true, Terms(ResyncAction.Run)));
        int opened = Machine.SnapshotsOpened;
        int polls = 0;
        await PassTimeUntilAsync(() => ++polls > 20);

        Assert.NotNull(Status.Resync);
        Assert.Equal(opened, Machine.SnapshotsOpened);
    }

    /// <summary>It waits for an answer of the vault.</summary>
    private async Task BeginResyncAsync()
    {
        await PutAsync(desired => desired.Resync = Terms(ResyncAction.Run));
        await PassTimeUntilAsync(() => Status.Resync?.Stage == ResyncStage.WaitingForVault);
    }

    private static ResyncTerms Terms(ResyncAction action) => new() { Token = "again", Action = action, ThresholdPercent = 10 };
}
