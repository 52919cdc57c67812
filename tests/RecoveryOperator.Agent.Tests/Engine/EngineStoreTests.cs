using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>A put whose state cannot be written leaves nothing that a later put would stumble over.</summary>
public sealed class EngineStoreTests : IAsyncLifetime
{
    private readonly EngineBench _bench = new(new FakeMachine(1, 1024 * 1024));
    private ProtectionEngine _engine = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

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
    public async Task A_put_that_fails_in_the_store_leaves_neither_a_row_nor_a_runner_and_a_later_one_works()
    {
        _bench.Points.OnPut = () => throw new InjectedFaultException("put");
        await Assert.ThrowsAsync<InjectedFaultException>(() => _engine.PutAsync(_bench.Desired, Token));
        Assert.Empty(_engine.List());
        Assert.Empty(_bench.Context.Store.LoadAll());
        _bench.Points.OnPut = null;

        await _engine.PutAsync(_bench.Desired, Token);

        await Eventually.HoldsAsync(() => _engine.List().Single().CommittedSequence == 1, Token);
    }

    [Fact]
    public async Task A_new_grant_that_cannot_be_stored_is_not_used_and_replication_goes_on_with_the_former()
    {
        await _engine.PutAsync(_bench.Desired, Token);
        DesiredProtection renewed = _bench.Desired.Clone();
        renewed.LogContainerUri += "2";
        _bench.Points.OnPut = () => throw new InjectedFaultException("put");
        await Assert.ThrowsAsync<InjectedFaultException>(() => _engine.PutAsync(renewed, Token));

        await Eventually.HoldsAsync(() => _engine.List().Single().CommittedSequence == 1, Token);
        Assert.Equal(_bench.Desired, _bench.Context.Store.LoadAll().Single().Desired);
    }
}
