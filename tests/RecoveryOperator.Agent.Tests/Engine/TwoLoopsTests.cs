using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Steps;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>One loop cuts and another ships: neither sleeps for ever for what the other did, and neither undoes what the other stored.</summary>
public sealed class TwoLoopsTests : EngineScene
{
    [Fact]
    public async Task P7_A_full_queue_whose_oldest_cut_proves_damaged_does_not_stop_replication()
    {
        await FillQueueAsync();
        string damaged = Bench.Context.Store.LoadCut(EngineBench.ProtectionId, Bench.Context.Store.LoadQueue(EngineBench.ProtectionId).Oldest!.Sequence)!.Segments[0].Path;
        byte[] content = await File.ReadAllBytesAsync(damaged, Token);
        content[200] ^= 1;
        await File.WriteAllBytesAsync(damaged, content, Token);
        Bench.Vault.Outage = null;

        await PassTimeUntilAsync(() => Status is { CommittedSequence: >= 3, Fault: null, CutsWaiting: 0 });
        await Bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task P7_A_full_queue_that_is_shipped_by_halves_is_cut_into_again()
    {
        await FillQueueAsync();
        long before = Status.CommittedSequence;
        int commits = 0;
        Bench.Points.OnHit = (_, name) =>
        {
            if (name == "after EndCut" && ++commits == 1)
                Bench.Vault.Outage = Away;
        };
        Bench.Vault.Outage = null;
        int waiting = Status.CutsWaiting;
        await PassTimeUntilAsync(() => Status.CommittedSequence > before);

        // The vault is away again, but there is room in the queue.
        await PassTimeUntilAsync(() => Status.CutsWaiting >= waiting);
    }

    [Fact]
    public async Task P7_A_store_that_fails_once_between_the_steps_ends_no_loop()
    {
        foreach (int atLoad in new[] { 1, 2, 3, 4, 5, 6 })
        {
            int loads = 0;
            Bench.Points.OnLoad = () =>
            {
                if (Interlocked.Increment(ref loads) == atLoad)
                    throw new InjectedFaultException("load");
            };
            long before = Status.CommittedSequence;
            await PassTimeUntilAsync(() => Status.CommittedSequence > before && loads >= atLoad);
        }

        Bench.Points.OnLoad = null;
        await Engine.FenceAsync(new FenceProtectionRequest { ProtectionId = EngineBench.ProtectionId, Epoch = 1, Sequence = 99, OperationId = "failover-1" }, Token);
        Assert.Equal(ProtectionPhase.Fenced, Status.Phase);
    }

    [Fact]
    public async Task Room_that_came_back_by_shipping_is_used_at_once()
    {
        await CutInOutageAsync();
        Bench.FreeSpoolBytes = 1000;
        await PassTimeUntilAsync(() => Status.Fault?.Reason == FaultReasons.NoSpoolSpace && Status.CyclesMissedLastHour >= 3);
        Bench.FreeSpoolBytes = 1L << 40;
        Bench.Vault.Outage = null;
        long opened = Machine.SnapshotsOpened;

        // The shipping loop's own schedule brings the vault back; from then on no clock is needed.
        await PutAsync(hurried => hurried.LogContainerUri += "2");

        await Eventually.HoldsAsync(() => Status is { Fault: null, CutsWaiting: 0 } && Machine.SnapshotsOpened > opened, Token);
    }

    [Fact]
    public async Task P8_A_cut_that_does_not_fit_the_spool_is_not_tried_without_a_pause()
    {
        // There is room when the cut begins, and none for its segment.
        int asked = 0;
        Bench.FreeSpool = () => Interlocked.Increment(ref asked) % 2 == 1 ? 1L << 40 : 1000;
        Write();
        await PassTimeUntilAsync(() => Status.Fault?.Reason == FaultReasons.NoSpoolSpace && Machine.SnapshotsOpened >= 3);
        int opened = Machine.SnapshotsOpened;

        int polls = 0;
        await PassTimeUntilAsync(() => ++polls > 30);

        Assert.InRange(Machine.SnapshotsOpened - opened, 0, 31);
    }

    [Fact]
    public async Task Whoever_waits_for_a_set_is_let_go_when_the_protection_stops()
    {
        Bench.Vault.Outage = Away;
        Write();
        Task<CutInfo> waiting = CutNowAsync();
        await Eventually.HoldsAsync(() => Status.CutsWaiting == 1 || waiting.IsCompleted, Token);
        await Engine.StopAsync(Token);

        await Assert.ThrowsAnyAsync<Exception>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20), Token));
        Assert.False(waiting.IsCompletedSuccessfully);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => CutNowAsync().WaitAsync(TimeSpan.FromSeconds(20), Token));
    }

    [Fact]
    public async Task Whoever_waits_for_a_set_is_answered_when_the_store_fails_at_any_reading()
    {
        foreach (int atLoad in Enumerable.Range(1, 8))
        {
            int loads = 0;
            Bench.Points.OnLoad = () =>
            {
                if (Interlocked.Increment(ref loads) == atLoad)
                    throw new InjectedFaultException("load");
            };
            Write();
            Task<CutInfo> waiting = CutNowAsync();
            await PassTimeUntilAsync(() => waiting.IsCompleted);
            await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    [Fact]
    public async Task P4_Fenced_is_never_taken_back()
    {
        await Engine.StopAsync(Token);
        EngineServices _ = Bench.Restart();
        ProtectionContext context = Bench.Context;
        Ending.Write(context, EnginePhase.Fenced, Ending.Sealed(context, 2, "failover-1"));

        FaultException fault = Assert.Throws<FaultException>(() => Ending.Write(context, EnginePhase.ResyncRequired, Ending.Resync(context, FaultReasons.SetDamaged, "x")));

        Assert.Equal(FaultCategory.Fenced, fault.Fault.Category);
        Assert.Equal(EnginePhase.Fenced, context.Progress.Phase);
        Assert.Equal(EnginePhase.Fenced, context.Store.LoadAll().Single().Progress.Phase);
    }

    [Fact]
    public async Task P2_What_was_stored_although_the_store_said_otherwise_is_not_undone_by_the_next_save()
    {
        await Engine.StopAsync(Token);
        Bench.Restart();
        Write();
        await Bench.Cycle.CutAsync(alone: false, Token);
        Bench.Points.OnHit = (_, name) =>
        {
            if (name == "after EndCut")
                throw new InjectedFaultException(name);
        };
        await Assert.ThrowsAnyAsync<IOException>(() => Bench.Cycle.ShipAsync(Token));
        Bench.Points.OnHit = null;

        Bench.Context.Save(progress => progress with { ResyncToken = "x" });

        Assert.Equal(2, Bench.Progress.Last!.Sequence);
        Assert.Equal(2, Bench.Context.Store.LoadAll().Single().Progress.Last!.Sequence);
    }
}
