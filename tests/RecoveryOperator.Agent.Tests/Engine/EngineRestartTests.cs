using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>A runner is stopped for a change of its protection, and the change fails: replication goes on all the same, from what is stored.</summary>
public sealed class EngineRestartTests : IAsyncLifetime
{
    private static readonly VaultException Away = new(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeMachine _machine = new(1, 1024 * 1024);
    private readonly EngineBench _bench;
    private ProtectionEngine _engine = null!;

    public EngineRestartTests() => _bench = new EngineBench(_machine) { Time = _time };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static FenceProtectionRequest Fence => new() { ProtectionId = EngineBench.ProtectionId, Epoch = 1, Sequence = 99, OperationId = "failover-1" };

    private ProtectionStatus Status => _engine.List().Single();

    private IProtectionStore Store => _bench.Context.Store;

    public async ValueTask InitializeAsync()
    {
        EngineServices services = _bench.Restart();
        services.Store.Remove(EngineBench.ProtectionId);
        _engine = new ProtectionEngine(services);
        await _engine.PutAsync(_bench.Desired, Token);
        await Eventually.HoldsAsync(() => Status.CommittedSequence == 1, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _bench.Dispose();
    }

    [Fact]
    public async Task P7_A_protection_whose_removal_failed_replicates_on_although_the_state_cannot_be_read_for_a_while()
    {
        _machine.OnRelease = () =>
        {
            BreakReading(true);
            throw new InjectedFaultException("release");
        };
        await Assert.ThrowsAsync<InjectedFaultException>(() => _engine.RemoveAsync(EngineBench.ProtectionId, 1, Token));
        await PassTimeUntilAsync(() => Status.Fault is not null);
        BreakReading(false);

        await PassTimeUntilAsync(() => Status is { CommittedSequence: >= 3, Fault: null });
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task A_protection_whose_runner_did_not_begin_again_begins_with_the_next_put()
    {
        _machine.OnRelease = () =>
        {
            BreakReading(true);
            throw new InjectedFaultException("release");
        };
        await Assert.ThrowsAsync<InjectedFaultException>(() => _engine.RemoveAsync(EngineBench.ProtectionId, 1, Token));
        BreakReading(false);

        await _engine.PutAsync(_bench.Desired, Token);

        Assert.Equal(2, (await _engine.CutAsync(EngineBench.ProtectionId, 1, bypassLimits: false, Token)).Sequence);
    }

    [Fact]
    public async Task P4_A_fence_that_could_not_be_stored_is_taken_up_when_it_is_repeated_and_nothing_waits_for_the_agents_restart()
    {
        BreakDropping(true);
        await Assert.ThrowsAsync<InjectedFaultException>(() => _engine.FenceAsync(Fence, Token));
        BreakDropping(false);
        await PassTimeUntilAsync(() => Status.CommittedSequence >= 2);

        await _engine.FenceAsync(Fence, Token);

        Assert.Equal(ProtectionPhase.Fenced, Status.Phase);
    }

    [Fact]
    public async Task P4_A_half_raised_epoch_ships_nothing_and_is_raised_as_soon_as_the_state_can_be_written()
    {
        await CutInOutageAsync();
        BreakDropping(true);
        await Assert.ThrowsAsync<InjectedFaultException>(() => _engine.PutAsync(Raised(), Token));
        _bench.Vault.Outage = null;
        for (int second = 0; second < 60; second++)
            _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Single(_bench.Vault.Sets);
        BreakDropping(false);

        await PassTimeUntilAsync(() => Status is { Epoch: 2, CutsWaiting: 0 });

        Assert.Equal([(1L, 1L)], _bench.Vault.Sets.Keys);
    }

    [Fact]
    public async Task P4_An_epoch_that_was_stored_before_a_crash_is_raised_at_the_next_start()
    {
        await CutInOutageAsync();
        await _engine.DisposeAsync();
        Store.Put(Raised(), _time.GetUtcNow(), new ProtectionProgress { Epoch = 1 });
        _bench.Vault.Outage = null;

        _engine = new ProtectionEngine(_bench.Restart());
        await _engine.StartAsync(Token);

        Assert.Equal((2, 0), (Status.Epoch, Status.CutsWaiting));
        await Eventually.HoldsAsync(() => !Directory.EnumerateFiles(_bench.SpoolFolder, "*", SearchOption.AllDirectories).Any(), Token);
        Assert.Equal([(1L, 1L)], _bench.Vault.Sets.Keys);
        ProtectionProgress progress = Store.LoadAll().Single().Progress;
        Assert.Equal(2, progress.Epoch);
        Assert.Null(progress.Last);
    }

    [Fact]
    public async Task A_protection_that_has_no_runner_is_removed_with_its_spool()
    {
        await CutInOutageAsync();
        await _engine.DisposeAsync();
        _engine = new ProtectionEngine(_bench.Restart());

        await _engine.RemoveAsync(EngineBench.ProtectionId, 1, Token);

        Assert.Empty(Store.LoadAll());
        Assert.Empty(_machine.CheckpointIds);
        Assert.False(Directory.Exists(Path.Combine(_bench.SpoolFolder, EngineBench.ProtectionId)));
    }

    [Fact]
    public async Task A_row_that_cannot_be_begun_holds_up_no_other_at_the_start()
    {
        await _engine.DisposeAsync();
        EngineServices services = _bench.Restart();
        DesiredProtection second = _bench.Desired.Clone();
        (second.ProtectionId, second.Machine) = (new string('f', 32), "web-2");
        services.Store.Put(second, _time.GetUtcNow(), new ProtectionProgress { Epoch = 1 });
        int loads = 0;
        _bench.Points.OnLoad = () => _ = ++loads == 1 ? throw new InjectedFaultException("load") : 0;

        _engine = new ProtectionEngine(services);
        await _engine.StartAsync(Token);

        await PassTimeUntilAsync(() => _engine.List().Count == 2);
    }

    private DesiredProtection Raised()
    {
        DesiredProtection raised = _bench.Desired.Clone();
        raised.Epoch = 2;
        return raised;
    }

    private async Task CutInOutageAsync()
    {
        _bench.Vault.Outage = Away;
        _machine.Write(0, 0, new byte[] { 7 });
        await PassTimeUntilAsync(() => Status.CutsWaiting >= 1);
    }

    private void BreakReading(bool broken) => _bench.Points.OnLoad = broken ? () => throw new InjectedFaultException("load") : null;

    private void BreakDropping(bool broken) =>
        _bench.Points.OnHit = broken ? (_, name) => _ = name == "before DropCuts" ? throw new InjectedFaultException(name) : 0 : null;

    private Task PassTimeUntilAsync(Func<bool> condition) => Eventually.HoldsAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return condition();
        },
        Token);
}
