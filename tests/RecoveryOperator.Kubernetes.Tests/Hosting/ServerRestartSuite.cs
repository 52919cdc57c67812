using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Hosting;

/// <summary>A server that goes away and comes back, so each test has one of its own.</summary>
public abstract class ServerRestartSuite(ITestApiServer server) : ControllerHarness(server)
{
    [Fact]
    public async Task A_restart_of_the_server_is_survived_without_a_hot_loop()
    {
        await Cluster.CreateWidgetAsync("before", Token);
        await StartAsync();
        await Eventually.HoldsAsync(() => Behaviour.Count("before") == 1, Token);
        await Cluster.Server.StopAsync(Token);
        var (requests, since) = (Cluster.Faults.Requests, TimeProvider.System.GetTimestamp());
        await Eventually.HoldsAsync(() => TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(5), Token);
        var asked = Cluster.Faults.Requests - requests;
        await Cluster.Server.StartAsync(Token);
        await Eventually.HoldsAsync(CreatedAsync, Token);
        await Eventually.HoldsAsync(() => Behaviour.Count("after") >= 1, Token);
        TestContext.Current.SendDiagnosticMessage("{0} requests in 5 s of outage", asked);
        // One informer, waits of 100, 200 ... 2000 ms: about 7 attempts, and twice that with the luckiest jitter.
        Assert.InRange(asked, 1, 14);
        Assert.Equal(1, Behaviour.Count("before"));
    }

    /// <summary>A server just started may still refuse writes.</summary>
    private async Task<bool> CreatedAsync()
    {
        try
        {
            await Cluster.CreateWidgetAsync("after", Token);
            return true;
        }
        catch (ResourceRequestException e)
        {
            TestContext.Current.SendDiagnosticMessage(e.Message);
            return e.IsConflict;
        }
    }
}

public sealed class FakeServerRestartTests : ServerRestartSuite
{
    private readonly FakeApiServer _server;

    public FakeServerRestartTests()
        : this(new FakeApiServer())
    {
    }

    private FakeServerRestartTests(FakeApiServer server)
        : base(server) => _server = server;

    protected override ValueTask DisposeServerAsync() => _server.DisposeAsync();
}

public sealed class RealServerRestartTests : ServerRestartSuite
{
    private readonly ApiServer _server;

    public RealServerRestartTests()
        : this(new ApiServer())
    {
    }

    private RealServerRestartTests(ApiServer server)
        : base(server) => _server = server;

    protected override ValueTask DisposeServerAsync() => _server.DisposeAsync();
}
