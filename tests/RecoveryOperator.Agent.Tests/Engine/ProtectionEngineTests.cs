using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>A protection that is put lives on its own until it is removed.</summary>
public sealed class ProtectionEngineTests : EngineScene
{
    public override ValueTask InitializeAsync()
    {
        BeginEngine();
        return default;
    }

    [Fact]
    public async Task A_put_protection_replicates_without_another_call()
    {
        await Engine.PutAsync(Bench.Desired, Token);
        await Eventually.HoldsAsync(() => Status.CommittedSequence == 1, Token);

        // Cycles go on by the clock alone.
        await PassTimeUntilAsync(() => Status.CommittedSequence >= 3);
        Assert.Equal(ProtectionPhase.Replicating, Status.Phase);
        Assert.Null(Status.Fault);
    }

    [Fact]
    public async Task A_runner_that_was_disposed_of_may_still_be_called()
    {
        EngineServices services = Bench.Restart();
        ProtectionRunner runner = new(services, services.Store.LoadAll().Single(), (_, _) => { });
        runner.Start();
        await runner.DisposeAsync();

        Assert.True(runner.LookNow());
        runner.Replace(Bench.Desired.Clone(), Time.GetUtcNow());
        await runner.StopAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.CutAsync(bypassLimits: false, Token));
    }

    [Fact]
    public async Task A_protection_that_cannot_be_used_is_refused_with_everything_that_is_wrong()
    {
        FaultException fault = await Assert.ThrowsAsync<FaultException>(() => Engine.PutAsync(new DesiredProtection(), Token));

        Assert.Contains("protection_id", fault.Message, StringComparison.Ordinal);
        Assert.Contains("copy_frequency", fault.Message, StringComparison.Ordinal);
        Assert.Contains("log_container_uri", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_protection_waits_and_a_removed_one_releases_the_machine()
    {
        await PutAsync(desired => desired.Paused = true);
        Assert.Equal(ProtectionPhase.Paused, Status.Phase);
        Assert.Equal(0, Machine.SnapshotsOpened);

        await Engine.PutAsync(Bench.Desired, Token);
        await Eventually.HoldsAsync(() => Status.CommittedSequence == 1, Token);
        await Engine.RemoveAsync(EngineBench.ProtectionId, 1, Token);
        await Engine.RemoveAsync(EngineBench.ProtectionId, 1, Token);

        Assert.Empty(Engine.List());
        Assert.Empty(Machine.CheckpointIds);
        Assert.False(Directory.Exists(Path.Combine(Bench.SpoolFolder, EngineBench.ProtectionId)));
    }

    [Fact]
    public async Task What_a_killed_process_left_is_ended_at_the_start_also_when_no_cycle_is_due()
    {
        await Engine.PutAsync(Bench.Desired, Token);
        await Eventually.HoldsAsync(() => Status.CommittedSequence == 1, Token);
        await PutAsync(desired => desired.Paused = true);
        await Engine.DisposeAsync();
        await Machine.BeginSnapshotAsync(Machine.MachineId, new SnapshotRequest(EngineBench.ProtectionId, null, null, []), Token);

        Engine = new ProtectionEngine(Bench.Restart());
        await Engine.StartAsync(Token);

        await Eventually.HoldsAsync(() => !Machine.HasOpenSnapshot, Token);
        Assert.Equal(ProtectionPhase.Paused, Status.Phase);
    }

    [Fact]
    public async Task A_watcher_sees_the_stages_of_a_cycle()
    {
        List<CycleStage> stages = [];
        await using IAsyncEnumerator<ProtectionStatus> feed = Engine.WatchAsync(Token).GetAsyncEnumerator(Token);

        // The watch begins before the protection: a cycle that is over before it began would show no stages.
        ValueTask<bool> next = feed.MoveNextAsync();
        await Engine.PutAsync(Bench.Desired, Token);
        while (await next && feed.Current is not { CommittedSequence: 1, Stage: CycleStage.Idle })
        {
            stages.Add(feed.Current.Stage);
            next = feed.MoveNextAsync();
        }

        CutInfo cut = await CutNowAsync();
        Assert.Equal(2, cut.Sequence);
        Assert.Contains(CycleStage.Commit, stages);
    }
}
