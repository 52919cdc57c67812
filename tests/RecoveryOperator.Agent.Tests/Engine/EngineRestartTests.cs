using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>A runner is stopped for a change of its protection, and the change fails: replication goes on all the same, from what is stored.</summary>
public sealed class EngineRestartTests : EngineScene
{
    private static FenceProtectionRequest Fence => new() { ProtectionId = EngineBench.ProtectionId, Epoch = 1, Sequence = 99, OperationId = "failover-1" };

    [Fact]
    public async Task P7_A_protection_whose_removal_failed_replicates_on_although_the_state_cannot_be_read_for_a_while()
    {
        Machine.OnRelease = () =>
        {
            BreakReading(true);
            throw new InjectedFaultException("release");
        };
        await Assert.ThrowsAsync<InjectedFaultException>(() => Engine.RemoveAsync(EngineBench.ProtectionId, 1, Token));
        await PassTimeUntilAsync(() => Status.Fault is not null);
        BreakReading(false);

        await PassTimeUntilAsync(() => Status is { CommittedSequence: >= 3, Fault: null });
        await Bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task A_protection_whose_runner_did_not_begin_again_begins_with_the_next_put()
    {
        Machine.OnRelease = () =>
        {
            BreakReading(true);
            throw new InjectedFaultException("release");
        };
        await Assert.ThrowsAsync<InjectedFaultException>(() => Engine.RemoveAsync(EngineBench.ProtectionId, 1, Token));
        BreakReading(false);

        await Engine.PutAsync(Bench.Desired, Token);

        Assert.Equal(2, (await CutNowAsync()).Sequence);
    }

    [Fact]
    public async Task P4_A_fence_that_could_not_be_stored_is_taken_up_when_it_is_repeated_and_nothing_waits_for_the_agents_restart()
    {
        BreakDropping(true);
        await Assert.ThrowsAsync<InjectedFaultException>(() => Engine.FenceAsync(Fence, Token));
        BreakDropping(false);
        await PassTimeUntilAsync(() => Status.CommittedSequence >= 2);

        await Engine.FenceAsync(Fence, Token);

        Assert.Equal(ProtectionPhase.Fenced, Status.Phase);
    }

    [Fact]
    public async Task P4_A_half_raised_epoch_ships_nothing_and_is_raised_as_soon_as_the_state_can_be_written()
    {
        await CutInOutageAsync();
        BreakDropping(true);
        await Assert.ThrowsAsync<InjectedFaultException>(() => Engine.PutAsync(Raised(), Token));
        Bench.Vault.Outage = null;
        for (int second = 0; second < 60; second++)
            Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Single(Bench.Vault.Sets);
        BreakDropping(false);

        await PassTimeUntilAsync(() => Status is { Epoch: 2, CutsWaiting: 0 });

        Assert.Equal([(1L, 1L)], Bench.Vault.Sets.Keys);
    }

    [Fact]
    public async Task P4_An_epoch_that_was_stored_before_a_crash_is_raised_at_the_next_start()
    {
        await CutInOutageAsync();
        await Engine.DisposeAsync();
        Store.Put(Raised(), Time.GetUtcNow(), new ProtectionProgress { Epoch = 1 });
        Bench.Vault.Outage = null;

        Engine = new ProtectionEngine(Bench.Restart());
        await Engine.StartAsync(Token);

        Assert.Equal((2, 0), (Status.Epoch, Status.CutsWaiting));
        await Eventually.HoldsAsync(() => !Directory.EnumerateFiles(Bench.SpoolFolder, "*", SearchOption.AllDirectories).Any(), Token);
        Assert.Equal([(1L, 1L)], Bench.Vault.Sets.Keys);
        ProtectionProgress progress = Store.LoadAll().Single().Progress;
        Assert.Equal(2, progress.Epoch);
        Assert.Null(progress.Last);
    }

    [Fact]
    public async Task A_protection_that_has_no_runner_is_removed_with_its_spool()
    {
        await CutInOutageAsync();
        await Engine.DisposeAsync();
        Engine = new ProtectionEngine(Bench.Restart());

        await Engine.RemoveAsync(EngineBench.ProtectionId, 1, Token);

        Assert.Empty(Store.LoadAll());
        Assert.Empty(Machine.CheckpointIds);
        Assert.False(Directory.Exists(Path.Combine(Bench.SpoolFolder, EngineBench.ProtectionId)));
    }

    [Fact]
    public async Task A_row_that_cannot_be_begun_holds_up_no_other_at_the_start()
    {
        await Engine.DisposeAsync();
        EngineServices services = Bench.Restart();
        DesiredProtection second = Bench.Desired.Clone();
        (second.ProtectionId, second.Machine) = (new string('f', 32), "web-2");
        services.Store.Put(second, Time.GetUtcNow(), new ProtectionProgress { Epoch = 1 });
        int loads = 0;
        Bench.Points.OnLoad = () => _ = ++loads == 1 ? throw new InjectedFaultException("load") : 0;

        Engine = new ProtectionEngine(services);
        await Engine.StartAsync(Token);

        await PassTimeUntilAsync(() => Engine.List().Count == 2);
    }

    private DesiredProtection Raised()
    {
        DesiredProtection raised = Bench.Desired.Clone();
        raised.Epoch = 2;
        return raised;
    }

    private void BreakReading(bool broken) => Bench.Points.OnLoad = broken ? () => throw new InjectedFaultException("load") : null;

    private void BreakDropping(bool broken) =>
        Bench.Points.OnHit = broken ? (_, name) => _ = name == "before DropCuts" ? throw new InjectedFaultException(name) : 0 : null;
}
