using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.Hosting;

/// <summary>Real Kestrel on loopback: only the operator's certificate from our own authority gets in.</summary>
public sealed class MutualTlsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agent-tls-").FullName;
    private readonly TestCertificates _ours;
    private readonly TestCertificates _foreign;
    private RunningAgent _agent = null!;

    public MutualTlsTests()
    {
        _ours = new TestCertificates(_folder, "ours");
        _foreign = new TestCertificates(_folder, "foreign");
        _ours.WriteServer("localhost");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _agent = await RunningAgent.StartAsync(_folder, _ours, Token);

    public async ValueTask DisposeAsync()
    {
        await _agent.DisposeAsync();
        _ours.Dispose();
        _foreign.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_operator_gets_in()
    {
        using X509Certificate2 client = _ours.IssueClient("recovery-operator");
        Assert.Equal("Images", (await DescribeAsync(client)).Driver);
    }

    [Fact]
    public async Task No_certificate_is_refused() => await Assert.ThrowsAsync<RpcException>(() => DescribeAsync(null));

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused()
    {
        using X509Certificate2 client = _foreign.IssueClient("recovery-operator");
        await Assert.ThrowsAsync<RpcException>(() => DescribeAsync(client));
    }

    [Fact]
    public async Task Another_identity_of_our_authority_is_refused()
    {
        using X509Certificate2 client = _ours.IssueClient("somebody-else");
        await Assert.ThrowsAsync<RpcException>(() => DescribeAsync(client));
    }

    [Fact]
    public async Task A_renewed_server_certificate_is_served_without_a_restart()
    {
        using X509Certificate2 client = _ours.IssueClient("recovery-operator");
        await DescribeAsync(client);
        _ours.WriteServer("not-this-host");

        await Assert.ThrowsAsync<RpcException>(() => DescribeAsync(client));
    }

    private async Task<HostDescription> DescribeAsync(X509Certificate2? client) =>
        await _agent.Connect(client).DescribeAsync(new DescribeHostRequest(), cancellationToken: Token);
}
