using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Steps;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>One loop cuts and another ships: neither sleeps for ever for what the other did, and neither undoes what the other stored.</summary>
public sealed class TwoLoopsTests : IAsyncLifetime
{
    private const int SizeBytes = 2 * 1024 * 1024;

    private static readonly VaultException Away = new(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeMachine _machine = new(1, SizeBytes);
    private readonly EngineBench _bench;
    private ProtectionEngine _engine = null!;
    private int _written;

    public TwoLoopsTests() => _bench = new EngineBench(_machine) { Time = _time };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ProtectionStatus Status => _engine.List().Single();

    public async ValueTask InitializeAsync()
    {
        EngineServices services = _bench.Restart();
        services.Store.Remove(EngineBench.ProtectionId);
        _engine = new ProtectionEngine(services);
        _bench.Desired.Resync = new ResyncTerms { ThresholdPercent = 10 };
        await _engine.PutAsync(_bench.Desired, Token);
        await Eventually.HoldsAsync(() => Status.CommittedSequence == 1, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _bench.Dispose();
    }

    [Fact]
    public async Task P7_A_full_queue_whose_oldest_cut_proves_damaged_does_not_stop_replication()
    {
        await FillQueueAsync();
        string damaged = _bench.Context.Store.LoadCut(EngineBench.ProtectionId, _bench.Context.Store.LoadQueue(EngineBench.ProtectionId).Oldest!.Sequence)!.Segments[0].Path;
        byte[] content = await File.ReadAllBytesAsync(damaged, Token);
        content[200] ^= 1;
        await File.WriteAllBytesAsync(damaged, content, Token);
        _bench.Vault.Outage = null;

        await PassTimeUntilAsync(() => Status is { CommittedSequence: >= 3, Fault: null, CutsWaiting: 0 });
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task P7_A_full_queue_that_is_shipped_by_halves_is_cut_into_again()
    {
        await FillQueueAsync();
        long before = Status.CommittedSequence;
        int commits = 0;
        _bench.Points.OnHit = (_, name) =>
        {
            if (name == "after EndCut" && ++commits == 1)
                _bench.Vault.Outage = Away;
        };
        _bench.Vault.Outage = null;
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
            _bench.Points.OnLoad = () =>
            {
                if (Interlocked.Increment(ref loads) == atLoad)
                    throw new InjectedFaultException("load");
            };
            long before = Status.CommittedSequence;
            await PassTimeUntilAsync(() => Status.CommittedSequence > before && loads >= atLoad);
        }

        _bench.Points.OnLoad = null;
        await _engine.FenceAsync(new FenceProtectionRequest { ProtectionId = EngineBench.ProtectionId, Epoch = 1, Sequence = 99, OperationId = "failover-1" }, Token);
        Assert.Equal(ProtectionPhase.Fenced, Status.Phase);
    }

    [Fact]
    public async Task Room_that_came_back_by_shipping_is_used_at_once()
    {
        _bench.Vault.Outage = Away;
        Write();
        await PassTimeUntilAsync(() => Status.CutsWaiting == 1);
        _bench.FreeSpoolBytes = 1000;
        await PassTimeUntilAsync(() => Status.Fault?.Reason == FaultReasons.NoSpoolSpace && Status.CyclesMissedLastHour >= 3);
        _bench.FreeSpoolBytes = 1L << 40;
        _bench.Vault.Outage = null;
        long opened = _machine.SnapshotsOpened;

        // The shipping loop's own schedule brings the vault back; from then on no clock is needed.
        DesiredProtection hurried = _bench.Desired.Clone();
        hurried.LogContainerUri += "2";
        await _engine.PutAsync(hurried, Token);

        await Eventually.HoldsAsync(() => Status is { Fault: null, CutsWaiting: 0 } && _machine.SnapshotsOpened > opened, Token);
    }

    [Fact]
    public async Task P8_A_cut_that_does_not_fit_the_spool_is_not_tried_without_a_pause()
    {
        // There is room when the cut begins, and none for its segment.
        int asked = 0;
        _bench.FreeSpool = () => Interlocked.Increment(ref asked) % 2 == 1 ? 1L << 40 : 1000;
        Write();
        await PassTimeUntilAsync(() => Status.Fault?.Reason == FaultReasons.NoSpoolSpace && _machine.SnapshotsOpened >= 3);
        int opened = _machine.SnapshotsOpened;

        int polls = 0;
        await PassTimeUntilAsync(() => ++polls > 30);

        Assert.InRange(_machine.SnapshotsOpened - opened, 0, 31);
    }

    [Fact]
    public async Task Whoever_waits_for_a_set_is_let_go_when_the_protection_stops()
    {
        _bench.Vault.Outage = Away;
        Write();
        Task<CutInfo> waiting = _engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: false, Token);
        await Eventually.HoldsAsync(() => Status.CutsWaiting == 1 || waiting.IsCompleted, Token);
        await _engine.StopAsync(Token);

        await Assert.ThrowsAnyAsync<Exception>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20), Token));
        Assert.False(waiting.IsCompletedSuccessfully);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: false, Token).WaitAsync(TimeSpan.FromSeconds(20), Token));
    }

    [Fact]
    public async Task Whoever_waits_for_a_set_is_answered_when_the_store_fails_at_any_reading()
    {
        foreach (int atLoad in Enumerable.Range(1, 8))
        {
            int loads = 0;
            _bench.Points.OnLoad = () =>
            {
                if (Interlocked.Increment(ref loads) == atLoad)
                    throw new InjectedFaultException("load");
            };
            Write();
            Task<CutInfo> waiting = _engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: false, Token);
            await PassTimeUntilAsync(() => waiting.IsCompleted);
            await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    [Fact]
    public async Task P4_Fenced_is_never_taken_back()
    {
        await _engine.StopAsync(Token);
        EngineServices _ = _bench.Restart();
        ProtectionContext context = _bench.Context;
        Ending.Write(context, EnginePhase.Fenced, Ending.Sealed(context, 2, "failover-1"));

        FaultException fault = Assert.Throws<FaultException>(() => Ending.Write(context, EnginePhase.ResyncRequired, Ending.Resync(context, FaultReasons.SetDamaged, "x")));

        Assert.Equal(FaultCategory.Fenced, fault.Fault.Category);
        Assert.Equal(EnginePhase.Fenced, context.Progress.Phase);
        Assert.Equal(EnginePhase.Fenced, context.Store.LoadAll().Single().Progress.Phase);
    }

    [Fact]
    public async Task P2_What_was_stored_although_the_store_said_otherwise_is_not_undone_by_the_next_save()
    {
        await _engine.StopAsync(Token);
        _bench.Restart();
        Write();
        await _bench.Cycle.CutAsync(alone: false, Token);
        _bench.Points.OnHit = (_, name) =>
        {
            if (name == "after EndCut")
                throw new InjectedFaultException(name);
        };
        await Assert.ThrowsAnyAsync<IOException>(() => _bench.Cycle.ShipAsync(Token));
        _bench.Points.OnHit = null;

        _bench.Context.Save(progress => progress with { ResyncToken = "x" });

        Assert.Equal(2, _bench.Progress.Last!.Sequence);
        Assert.Equal(2, _bench.Context.Store.LoadAll().Single().Progress.Last!.Sequence);
    }

    /// <summary>The vault goes away, and sets are cut until no more may wait.</summary>
    private async Task FillQueueAsync()
    {
        _bench.Vault.Outage = Away;
        for (int cuts = 1; Status.LogUtilization < 1; cuts++)
        {
            Write();
            await PassTimeUntilAsync(() => Status.CutsWaiting >= cuts);
        }

        Assert.InRange(Status.CutsWaiting, 2, 10);
        int opened = _machine.SnapshotsOpened;
        for (int minute = 0; minute < 10; minute++)
            _time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync(() => Status.RetryAt is not null, Token);
        Assert.Equal(opened, _machine.SnapshotsOpened);
    }

    private void Write()
    {
        byte[] content = new byte[65536];
        new Random(++_written).NextBytes(content);
        _machine.Write(0, _written % 30 * 65536, content);
    }

    private Task PassTimeUntilAsync(Func<bool> condition) => Eventually.HoldsAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return condition();
        },
        Token);
}
