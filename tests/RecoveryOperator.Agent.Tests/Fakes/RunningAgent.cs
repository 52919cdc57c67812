using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using RecoveryOperator.Agent.HostRole;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>The real host role on loopback: Kestrel, mutual TLS, Images driver, state in a folder of the test.</summary>
public sealed class RunningAgent : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<IDisposable> _owned = [];

    private readonly TestCertificates _certificates;

    private RunningAgent(WebApplication app, TestCertificates certificates)
    {
        _app = app;
        _certificates = certificates;
    }

    private string GrpcAddress => Addresses.Single(address => address.StartsWith("https", StringComparison.Ordinal));

    public string HealthAddress => Addresses.Single(address => address.StartsWith("http:", StringComparison.Ordinal));

    private ICollection<string> Addresses =>
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    public static async Task<RunningAgent> StartAsync(string folder, TestCertificates certificates, CancellationToken cancellationToken)
    {
        WebApplication app = HostRoleHost.Build(
        [
            "--Listen:Grpc", "127.0.0.1:0",
            "--Listen:Health", "127.0.0.1:0",
            "--Tls:Certificate", certificates.CertificatePath,
            "--Tls:Key", certificates.KeyPath,
            "--Tls:CertificateAuthority", certificates.AuthorityPath,
            "--State:Directory", Path.Combine(folder, "state"),
            "--Spool:ReservedFreeBytes", "0",
            "--Hypervisor:Driver", "Images",
            "--Hypervisor:Images:Root", Path.Combine(folder, "machines"),
        ]);
        await app.StartAsync(cancellationToken);
        return new RunningAgent(app, certificates);
    }

    public HostAgent.HostAgentClient Connect(X509Certificate2? client)
    {
        SocketsHttpHandler handler = new();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(_certificates.AuthorityPath);
        if (client is not null)
            handler.SslOptions.ClientCertificates = [client];
        GrpcChannel channel = GrpcChannel.ForAddress(GrpcAddress.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        _owned.Add(channel);
        return new HostAgent.HostAgentClient(channel);
    }

    public async ValueTask DisposeAsync()
    {
        _owned.ForEach(owned => owned.Dispose());
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
