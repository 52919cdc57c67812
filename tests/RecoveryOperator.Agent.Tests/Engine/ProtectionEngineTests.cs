using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Tests.Engine;

public sealed class ProtectionEngineTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly FakeMachine _machine = new(1, 1024 * 1024);
    private readonly EngineBench _bench;
    private ProtectionEngine _engine = null!;

    public ProtectionEngineTests() => _bench = new EngineBench(_machine) { Time = _time };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ProtectionStatus Status => _engine.List().Single();

    public ValueTask InitializeAsync()
    {
        EngineServices services = _bench.Restart();
        services.Store.Remove(EngineBench.ProtectionId);
        _engine = new ProtectionEngine(services);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _bench.Dispose();
    }

    [Fact]
    public async Task A_put_protection_replicates_without_another_call()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => Status.CommittedSequence == 1);

        // Cycles go on by the clock alone.
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            return Status.CommittedSequence >= 3;
        });
        Assert.Equal(ProtectionPhase.Replicating, Status.Phase);
        Assert.Null(Status.Fault);
    }

    [Fact]
    public async Task A_lower_epoch_is_refused()
    {
        DesiredProtection newer = _bench.Desired.Clone();
        newer.Epoch = 2;
        await _engine.PutAsync(newer, Token);

        FaultException put = await Assert.ThrowsAsync<FaultException>(() => _engine.PutAsync(_bench.Desired, Token));
        FaultException remove = await Assert.ThrowsAsync<FaultException>(() => _engine.RemoveAsync(EngineBench.ProtectionId, 1, Token));

        Assert.Equal(FaultReasons.StaleEpoch, put.Fault.Reason);
        Assert.Equal(FaultReasons.StaleEpoch, remove.Fault.Reason);
    }

    [Fact]
    public async Task A_machine_has_one_protection()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        DesiredProtection second = _bench.Desired.Clone();
        second.ProtectionId = new string('f', 32);

        FaultException fault = await Assert.ThrowsAsync<FaultException>(() => _engine.PutAsync(second, Token));

        Assert.Equal(FaultReasons.MachineClaimed, fault.Fault.Reason);
        Assert.Single(_engine.List());
    }

    [Fact]
    public async Task A_protection_that_stops_slowly_holds_up_no_other()
    {
        using ManualResetEventSlim goesOn = new();
        bool entered = false;
        _bench.Points.OnHit = (_, name) =>
        {
            if (name != "before BeginSnapshot")
                return;
            entered = true;
            goesOn.Wait(TimeSpan.FromMinutes(2), CancellationToken.None);
        };
        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => entered);
        Task removal = _engine.RemoveAsync(EngineBench.ProtectionId, 1, Token);
        DesiredProtection second = _bench.Desired.Clone();
        (second.ProtectionId, second.Machine) = (new string('f', 32), "web-2");

        Task<ProtectionStatus> put = _engine.PutAsync(second, Token);
        await Task.WhenAny(put, Task.Delay(TimeSpan.FromMinutes(1), Token));
        bool waited = !put.IsCompleted;
        bool removed = removal.IsCompleted;
        goesOn.Set();
        await Task.WhenAll(put, removal);

        Assert.False(waited);
        Assert.False(removed);
        Assert.Equal(second.ProtectionId, Status.ProtectionId);
    }

    [Fact]
    public async Task Of_protections_of_one_machine_that_are_put_at_once_one_is_taken()
    {
        Task[] puts = [.. Enumerable.Range(0, 8).Select(index => Task.Run(
            () =>
            {
                DesiredProtection desired = _bench.Desired.Clone();
                desired.ProtectionId = new string((char)('0' + index), 32);
                return _engine.PutAsync(desired, Token);
            },
            Token))];
        await Task.WhenAll(puts).ContinueWith(_ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);

        Assert.Equal(1, puts.Count(put => put.IsCompletedSuccessfully));
        Assert.All(
            puts.Where(put => put.IsFaulted),
            put => Assert.Equal(FaultReasons.MachineClaimed, Assert.IsType<FaultException>(put.Exception!.InnerException).Fault.Reason));
        Assert.Single(_engine.List());
        Assert.Single(_bench.Context.Store.LoadAll());
    }

    [Fact]
    public async Task A_runner_that_was_disposed_of_may_still_be_called()
    {
        EngineServices services = _bench.Restart();
        ProtectionRunner runner = new(services, services.Store.LoadAll().Single(), (_, _) => { });
        runner.Start();
        await runner.DisposeAsync();

        Assert.True(runner.LookNow());
        runner.Replace(_bench.Desired.Clone(), _time.GetUtcNow());
        await runner.StopAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.CutAsync(bypassLimits: false, Token));
    }

    [Fact]
    public async Task A_protection_that_cannot_be_used_is_refused_with_everything_that_is_wrong()
    {
        FaultException fault = await Assert.ThrowsAsync<FaultException>(() => _engine.PutAsync(new DesiredProtection(), Token));

        Assert.Contains("protection_id", fault.Message, StringComparison.Ordinal);
        Assert.Contains("copy_frequency", fault.Message, StringComparison.Ordinal);
        Assert.Contains("log_container_uri", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_protection_waits_and_a_removed_one_releases_the_machine()
    {
        DesiredProtection paused = _bench.Desired.Clone();
        paused.Paused = true;
        await _engine.PutAsync(paused, Token);
        Assert.Equal(ProtectionPhase.Paused, Status.Phase);
        Assert.Equal(0, _machine.SnapshotsOpened);

        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => Status.CommittedSequence == 1);
        await _engine.RemoveAsync(EngineBench.ProtectionId, 1, Token);
        await _engine.RemoveAsync(EngineBench.ProtectionId, 1, Token);

        Assert.Empty(_engine.List());
        Assert.Empty(_machine.CheckpointIds);
        Assert.False(Directory.Exists(Path.Combine(_bench.SpoolFolder, EngineBench.ProtectionId)));
    }

    [Fact]
    public async Task A_recoverable_fault_is_tried_again_on_the_schedule_and_a_new_grant_hurries_it()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => Status.CommittedSequence == 1);
        _bench.Vault.Outage = new VaultException(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return Status.Fault is not null;
        });
        Assert.Equal(FaultReasons.VaultUnavailable, Status.Fault.Reason);
        Assert.NotNull(Status.RetryAt);

        _bench.Vault.Outage = null;
        DesiredProtection renewed = _bench.Desired.Clone();
        renewed.LogContainerUri += "2";
        await _engine.PutAsync(renewed, Token);

        await UntilAsync(() => Status.Fault is null && Status.CommittedSequence >= 2);
    }

    [Fact]
    public async Task What_a_killed_process_left_is_ended_at_the_start_also_when_no_cycle_is_due()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => Status.CommittedSequence == 1);
        DesiredProtection paused = _bench.Desired.Clone();
        paused.Paused = true;
        await _engine.PutAsync(paused, Token);
        await _engine.DisposeAsync();
        await _machine.BeginSnapshotAsync(_machine.MachineId, new SnapshotRequest(EngineBench.ProtectionId, null, null, []), Token);

        _engine = new ProtectionEngine(_bench.Restart());
        await _engine.StartAsync(Token);

        await UntilAsync(() => !_machine.HasOpenSnapshot);
        Assert.Equal(ProtectionPhase.Paused, Status.Phase);
    }

    [Fact]
    public async Task An_expired_grant_that_is_renewed_in_the_vault_alone_is_noticed()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => Status.CommittedSequence == 1);
        _bench.Vault.Outage = new VaultException(VaultFault.AccessDenied, "log", "The grant is refused.", "Renew it.");
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return Status.Fault?.Reason == FaultReasons.GrantRefused;
        });
        Assert.Equal(FaultCategory.NonRecoverable, Status.Fault.Category);

        _bench.Vault.Outage = null;

        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            return Status.Fault is null && Status.CommittedSequence >= 2;
        });
    }

    [Fact]
    public async Task A_retry_token_tries_at_once_what_has_no_timer()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => Status.CommittedSequence == 1);
        _bench.Vault.Outage = new VaultException(VaultFault.NotFound, "log", "There is no container.", "Restore it.");
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return Status.Fault?.Reason == FaultReasons.VaultNotFound;
        });
        Assert.Null(Status.RetryAt);
        _bench.Vault.Outage = null;

        // The clock stands still from here on.
        DesiredProtection retried = _bench.Desired.Clone();
        retried.RetryToken = "now";
        await _engine.PutAsync(retried, Token);

        await UntilAsync(() => Status.Fault is null && Status.CommittedSequence >= 2);
    }

    [Fact]
    public async Task A_source_that_is_told_that_its_epoch_ended_says_so_and_never_ships_again()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => Status.CommittedSequence == 1);
        FenceProtectionRequest fence = new() { ProtectionId = EngineBench.ProtectionId, Epoch = 1, Sequence = 2, OperationId = "failover-1" };

        await _engine.FenceAsync(fence, Token);
        await _engine.FenceAsync(fence, Token);

        Assert.Equal(ProtectionPhase.Fenced, Status.Phase);
        Assert.Equal((FaultCategory.Fenced, FaultReasons.Sealed), (Status.Fault.Category, Status.Fault.Reason));
        Assert.Contains("failover-1", Status.Fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<FaultException>(() => _engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: false, Token));
    }

    [Fact]
    public async Task The_end_of_an_earlier_epoch_or_of_another_protection_ends_nothing()
    {
        DesiredProtection newer = _bench.Desired.Clone();
        newer.Epoch = 2;
        await _engine.PutAsync(newer, Token);

        FaultException stale = await Assert.ThrowsAsync<FaultException>(
            () => _engine.FenceAsync(new FenceProtectionRequest { ProtectionId = EngineBench.ProtectionId, Epoch = 1 }, Token));
        await _engine.FenceAsync(new FenceProtectionRequest { ProtectionId = new string('f', 32), Epoch = 9 }, Token);

        Assert.Equal(FaultReasons.StaleEpoch, stale.Fault.Reason);
        Assert.NotEqual(ProtectionPhase.Fenced, Status.Phase);
    }

    [Fact]
    public async Task A_write_that_fails_while_the_engine_stops_does_not_fail_the_stop()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        await UntilAsync(() => Status.CommittedSequence == 1);
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ManualResetEventSlim stopping = new();
        _bench.Points.OnHit = (_, name) =>
        {
            if (name != "before EndCut" || stopping.IsSet)
                return;
            reached.TrySetResult();
            stopping.Wait(Token);
            throw new InjectedFaultException(name);
        };
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            return reached.Task.IsCompleted;
        });

        Task stop = _engine.StopAsync(Token);
        stopping.Set();
        await stop;

        // Whoever stops a protection to begin it again can do so.
        await _engine.FenceAsync(new FenceProtectionRequest { ProtectionId = EngineBench.ProtectionId, Epoch = 1, Sequence = 3, OperationId = "failover-1" }, Token);
        Assert.Equal(ProtectionPhase.Fenced, Status.Phase);
    }

    [Fact]
    public async Task A_watcher_sees_the_stages_of_a_cycle()
    {
        List<CycleStage> stages = [];
        await using IAsyncEnumerator<ProtectionStatus> feed = _engine.WatchAsync(Token).GetAsyncEnumerator(Token);

        // The watch begins before the protection: a cycle that is over before it began would show no stages.
        ValueTask<bool> next = feed.MoveNextAsync();
        await _engine.PutAsync(_bench.Desired, Token);
        while (await next && feed.Current is not { CommittedSequence: 1, Stage: CycleStage.Idle })
        {
            stages.Add(feed.Current.Stage);
            next = feed.MoveNextAsync();
        }

        CutInfo cut = await _engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: false, Token);
        Assert.Equal(2, cut.Sequence);
        Assert.Contains(CycleStage.Commit, stages);
    }

    private static Task UntilAsync(Func<bool> condition) => Eventually.HoldsAsync(condition, Token);
}
