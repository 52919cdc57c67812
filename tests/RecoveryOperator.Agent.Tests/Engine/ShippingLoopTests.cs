using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>What shipping owes to others: answers, checkpoints that are let go, and what was cut before a resynchronization that waits.</summary>
public sealed class ShippingLoopTests : EngineScene
{
    [Fact]
    public async Task Whoever_begins_to_wait_for_a_cut_that_was_just_dropped_gets_another_one()
    {
        await Engine.StopAsync(Token);
        Bench.Restart();
        Write();
        await Bench.Cycle.CutAsync(alone: false, Token);
        List<TaskCompletionSource<CutInfo>> again = [];
        ShippingLoop loop = new(Bench.Context, Bench.Cycle, again.Add);
        await DamageOldestCutAsync();
        loop.Signal();
        await loop.StepAsync(Token);
        Assert.Equal(0, Store.LoadQueue(EngineBench.ProtectionId).Count);

        // The cutting loop had taken note of sequence 2 before.
        TaskCompletionSource<CutInfo> waiting = new();
        loop.Add(2, waiting);
        await loop.StepAsync(Token);

        Assert.Equal([waiting], again);
        Assert.False(waiting.Task.IsCompleted);
    }

    /// <summary>The vault came back between the two: the failure is old when they ask.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_asks_while_a_try_fails_is_answered_by_the_next_one(bool forRoom)
    {
        await Engine.StopAsync(Token);
        Bench.Restart();
        Write();
        await Bench.Cycle.CutAsync(alone: false, Token);
        List<TaskCompletionSource<CutInfo>> again = [];
        ShippingLoop loop = new(Bench.Context, Bench.Cycle, again.Add);
        (TaskCompletionSource<CutInfo> before, TaskCompletionSource<CutInfo> during) = (new(), new());
        Bench.Vault.Outage = Away;
        Bench.Vault.OnRefused = () =>
        {
            Bench.Vault.OnRefused = null;
            Bench.Vault.Outage = null;
            Ask(during);
        };
        Ask(before);
        await loop.StepAsync(Token);
        Assert.True(before.Task.IsFaulted);
        Assert.False(during.Task.IsCompleted);

        await loop.StepAsync(Token);
        if (forRoom)
            Assert.Equal([during], again);
        else
            Assert.Equal(2, (await during.Task.WaitAsync(TimeSpan.FromSeconds(30), Token)).Sequence);

        void Ask(TaskCompletionSource<CutInfo> cut)
        {
            if (forRoom)
                loop.AddForRoom(cut);
            else
                loop.Add(2, cut);
        }
    }

    [Fact]
    public async Task Whoever_waits_for_a_set_that_was_committed_before_the_try_failed_gets_it()
    {
        await Engine.StopAsync(Token);
        Bench.Restart();
        for (int set = 0; set < 2; set++)
        {
            Write();
            await Bench.Cycle.CutAsync(alone: false, Token);
        }

        Bench.Points.OnHit = (_, name) =>
        {
            if (name == "after EndCut")
                Bench.Vault.Outage = Away;
        };
        ShippingLoop loop = new(Bench.Context, Bench.Cycle, _ => { });
        (TaskCompletionSource<CutInfo> first, TaskCompletionSource<CutInfo> second) = (new(), new());
        loop.Add(2, first);
        loop.Add(3, second);

        await loop.StepAsync(Token);

        Assert.Equal((true, true), (first.Task.IsCompletedSuccessfully, second.Task.IsFaulted));
    }

    [Fact]
    public async Task P12_What_failed_and_waits_no_more_is_not_shown_until_its_retry()
    {
        await Engine.StopAsync(Token);
        Bench.Restart();
        Write();
        await Bench.Cycle.CutAsync(alone: false, Token);
        ShippingLoop loop = new(Bench.Context, Bench.Cycle, _ => { });
        Bench.Vault.Outage = Away;
        loop.Signal();
        await loop.StepAsync(Token);
        Assert.Equal(FaultReasons.VaultUnavailable, loop.Fault?.Reason);

        Store.DropCuts(EngineBench.ProtectionId, Bench.Context.Progress, 1, forgetBase: false); // As a resynchronization does.
        loop.Signal();
        await loop.StepAsync(Token);

        Assert.Equal((null, null), (loop.Fault, loop.RetryAt));
    }

    [Fact]
    public async Task P2_A_release_that_came_due_while_somebody_cut_is_done_soon_after_without_another_set()
    {
        await CutInOutageAsync();
        using ManualResetEventSlim goesOn = new();
        bool entered = false;
        Bench.Points.OnHit = (_, name) =>
        {
            if (name == "after EndCut")
                Bench.Vault.Outage = Away; // No other commit does what this one left to do.
            if (name != "before BeginSnapshot")
                return;
            entered = true;
            goesOn.Wait(Token);
        };
        try
        {
            await PassTimeUntilAsync(() => entered);
            Bench.Vault.Outage = null;
            await PutAsync(hurried => hurried.LogContainerUri += "2");
            await Eventually.HoldsAsync(() => Status.CommittedSequence == 2, Token);
            Assert.Equal(2, Machine.CheckpointIds.Count);
        }
        finally
        {
            goesOn.Set(); // Also when it failed: the engine could not be stopped.
        }

        await Eventually.HoldsAsync(() => Status.CutsWaiting == 1 && Machine.CheckpointIds is [['1', '-', '2', '-', ..], ['1', '-', '3', '-', ..]], Token);
    }

    [Fact]
    public async Task P7_What_was_cut_is_shipped_while_a_resynchronization_waits_for_its_user()
    {
        Bench.Desired.Resync.ManualOnly = true;
        await PutAsync(_ => { });
        await Eventually.HoldsAsync(() => Status is { CommittedSequence: 2, CutsWaiting: 0 }, Token); // Other terms are looked at at once.
        await CutInOutageAsync();
        Machine.LoseTracking();
        await PassTimeUntilAsync(() => Status.Resync?.Stage == ResyncStage.WaitingForUser);
        Assert.Equal(2, Status.CommittedSequence);
        Bench.Vault.Outage = null;

        await PassTimeUntilAsync(() => Status is { CommittedSequence: 3, CutsWaiting: 0 });

        Assert.Equal((ProtectionPhase.ResyncRequired, ResyncStage.WaitingForUser), (Status.Phase, Status.Resync.Stage));
        await Bench.VerifyAllSetsAsync();
    }

    [Theory]
    [InlineData("before EndCut")]
    [InlineData("after EndCut")]
    public async Task P3_After_a_commit_of_which_the_store_did_not_say_whether_it_was_stored_the_next_set_names_the_right_one_before_it(string failsAt)
    {
        int failures = 0;
        Bench.Points.OnHit = (_, name) =>
        {
            if (name == failsAt && Interlocked.Increment(ref failures) % 2 == 1)
                throw new InjectedFaultException(name);
        };
        foreach (long sequence in new[] { 3, 5, 7 })
        {
            Write();
            await PassTimeUntilAsync(() => Status.CommittedSequence >= sequence);
        }

        Assert.True(failures >= 3, $"{failures} failures");
        await Bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task A_fenced_source_that_could_not_let_go_of_its_cuts_at_once_does_so_as_soon_as_the_host_answers()
    {
        Bench.Vault.Outage = Away;
        for (int cuts = 1; cuts <= 3; cuts++)
        {
            Write();
            await PassTimeUntilAsync(() => Status.CutsWaiting >= cuts);
        }

        int refused = 0;
        Bench.Points.OnHit = (_, name) => _ = name == "before AbandonCheckpoint" && ++refused < 4 ? throw new InjectedFaultException(name) : 0;
        Bench.Vault.Seal(EngineBench.ProtectionId, 1, 2);
        Bench.Vault.Outage = null;

        await PassTimeUntilAsync(() => Status.Phase == ProtectionPhase.Fenced && Machine.CheckpointIds.Count == 1);
        await Eventually.HoldsAsync(() => !Directory.EnumerateFiles(Bench.SpoolFolder, "*", SearchOption.AllDirectories).Any(), Token);
        Assert.Null(Store.Load(EngineBench.ProtectionId)!.Progress.Intent);
    }

    [Fact]
    public async Task P7_An_agent_alone_cuts_by_its_clock_while_the_vault_is_away_and_catches_up_by_itself()
    {
        Bench.Vault.Outage = Away;
        await PassTimeUntilAsync(() => Status.CutsWaiting >= 3);
        Assert.Equal(1, Status.CommittedSequence);
        Assert.Equal(FaultReasons.VaultUnavailable, Status.Fault.Reason);

        Bench.Vault.Outage = null;
        await PassTimeUntilAsync(() => Status is { CutsWaiting: 0, CommittedSequence: >= 4, Fault: null });

        Assert.All(Bench.Vault.Manifests(1), set => Assert.Equal(SetKind.Set, set.Kind));
    }

    private async Task DamageOldestCutAsync()
    {
        string path = Store.LoadCut(EngineBench.ProtectionId, Store.LoadQueue(EngineBench.ProtectionId).Oldest!.Sequence)!.Segments[0].Path;
        byte[] content = await File.ReadAllBytesAsync(path, Token);
        content[200] ^= 1;
        await File.WriteAllBytesAsync(path, content, Token);
    }
}
