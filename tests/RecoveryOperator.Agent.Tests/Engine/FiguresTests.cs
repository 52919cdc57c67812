using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>What is shown while one loop cuts and another ships is what is true of both.</summary>
public sealed class FiguresTests : IAsyncLifetime
{
    private readonly FakeMachine _machine = new(1, 2 * 1024 * 1024);
    private readonly EngineBench _bench;

    public FiguresTests() => _bench = new EngineBench(_machine);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bench.Restart();
        await _bench.RunAsync();
    }

    public ValueTask DisposeAsync()
    {
        _bench.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_end_of_shipping_is_no_end_of_a_cut_that_runs_beside_it()
    {
        await CutAsync(1);
        List<CycleStage> beside = [];
        _bench.Points.OnHit = (_, name) =>
        {
            if (name != "VerifyIntact")
                return;
            _bench.Cycle.ShipAsync(Token).Wait(Token);
            beside.Add(_bench.Context.Stage);
        };
        await CutAsync(1);

        Assert.Equal([CycleStage.Cut], beside);
        Assert.Equal(CycleStage.Idle, _bench.Context.Stage);
    }

    [Fact]
    public async Task Bytes_that_wait_are_those_that_are_stored_as_waiting_whoever_looks_in_between()
    {
        await CutAsync(12);
        List<(long Shown, long Stored)> seen = [];
        _bench.Points.OnHit = (_, name) =>
        {
            if (name == "after MarkShipped")
                _bench.Context.ShowQueue();
            if (name == "before Commit")
                seen.Add((_bench.Context.PendingBytes, _bench.Context.Store.LoadQueue(EngineBench.ProtectionId).PendingBytes));
        };

        await _bench.Cycle.ShipAsync(Token);

        Assert.Equal([(0, 0)], seen);
    }

    [Fact]
    public async Task Each_set_that_is_committed_counts_once()
    {
        List<int> waiting = [];
        _bench.Context.Committed = () => waiting.Add(_bench.Context.CutsWaiting);
        for (int cut = 0; cut < 3; cut++)
            await CutAsync(1);
        await _bench.Cycle.ShipAsync(Token);
        await _bench.RunAsync();

        Assert.Equal([2, 1, 0, 0], waiting);
    }

    [Fact]
    public async Task A_commit_that_was_stored_although_the_store_said_otherwise_is_shown()
    {
        await CutAsync(1);
        _bench.Points.OnHit = (_, name) => _ = name == "after EndCut" ? throw new InjectedFaultException(name) : 0;
        await Assert.ThrowsAnyAsync<IOException>(() => _bench.Cycle.ShipAsync(Token));

        _bench.Context.ReloadWhenUncertain();

        Assert.Equal((0, 2L), (_bench.Context.CutsWaiting, _bench.Progress.Last!.Sequence));
    }

    private Task<CycleRest?> CutAsync(int blocks)
    {
        byte[] content = new byte[blocks * 65536];
        new Random(blocks).NextBytes(content);
        _machine.Write(0, 0, content);
        return _bench.Cycle.CutAsync(alone: false, Token);
    }
}
