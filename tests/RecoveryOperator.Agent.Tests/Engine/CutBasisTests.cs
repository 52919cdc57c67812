using RecoveryOperator.Agent.Engine.Steps;
using RecoveryOperator.Agent.Tests.Fakes;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>The next cut builds on what is stored, whatever the other loop is committing just then.</summary>
public sealed class CutBasisTests : IAsyncLifetime
{
    private readonly FakeMachine _machine = new(1, 1024 * 1024);
    private readonly EngineBench _bench;

    public CutBasisTests() => _bench = new EngineBench(_machine);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bench.Restart();
        await _bench.RunAsync();
        _machine.Write(0, 0, new byte[65536]);
        await _bench.Cycle.CutAsync(alone: false, Token);
    }

    public ValueTask DisposeAsync()
    {
        _bench.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void A_cut_that_waits_is_built_on() => Assert.Equal(3, CutBasis.Of(_bench.Context).Sequence);

    [Fact]
    public async Task A_set_that_is_being_committed_is_never_cut_again()
    {
        Task? shipping = null;
        _bench.Points.OnLoad = () =>
        {
            _bench.Points.OnLoad = null;
            shipping = Task.Run(() => _bench.Cycle.ShipAsync(Token), Token);
            shipping.Wait(TimeSpan.FromSeconds(1), Token);
        };
        CutBasis basis = CutBasis.Of(_bench.Context);
        await shipping!;

        Assert.Equal(3, basis.Sequence);
        Assert.Equal(2, _bench.Progress.Last!.Sequence);
        Assert.Equal(_bench.Progress.Last.Checkpoint, basis.Since);
    }

    [Fact]
    public async Task A_set_whose_commit_was_stored_although_the_store_said_otherwise_is_never_cut_again()
    {
        _bench.Points.OnHit = (_, name) =>
        {
            if (name == "after EndCut")
                throw new InjectedFaultException(name);
        };
        await Assert.ThrowsAnyAsync<IOException>(() => _bench.Cycle.ShipAsync(Token));
        _bench.Points.OnHit = null;

        CutBasis basis = CutBasis.Of(_bench.Context);

        Assert.Equal(3, basis.Sequence);
        Assert.Equal(_bench.Progress.Last!.Checkpoint, basis.Since);
        Assert.Equal(_bench.Progress.Last.Sha256, basis.PreviousSha256);
    }
}
