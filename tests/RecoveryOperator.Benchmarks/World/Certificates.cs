using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>Certificates for the agents and for the benchmark as their operator.</summary>
internal sealed class Certificates(string folder, string server = "agent")
{
    public string Authority => Path.Combine(folder, "ca.crt");

    public static async Task<Certificates> MakeAsync(string folder, CancellationToken cancellationToken)
    {
        await Scripts.RunAsync("run/certs.sh", ["issue", folder, "recovery-operator", "DNS:recovery-operator"], cancellationToken);
        await Scripts.RunAsync("run/certs.sh", ["issue", folder, "agent", "DNS:agent,DNS:localhost,IP:127.0.0.1"], cancellationToken);
        return new Certificates(folder);
    }

    /// <summary>The agent's certificate.</summary>
    public string ServerCertificate => CertificateOf(server);

    /// <summary>Its key.</summary>
    public string ServerKey => KeyOf(server);

    /// <summary>The same, with another certificate for the agent.</summary>
    public Certificates ServedBy(string name) => new(folder, name);

    /// <summary>Adds a certificate for an address.</summary>
    public Task IssueAsync(string name, string alternativeNames, CancellationToken cancellationToken) =>
        Scripts.RunAsync("run/certs.sh", ["issue", folder, name, alternativeNames], cancellationToken);

    private string CertificateOf(string name) => Path.Combine(folder, $"{name}.crt");

    private string KeyOf(string name) => Path.Combine(folder, $"{name}.key");

    /// <summary>A channel to an agent.</summary>
    public GrpcChannel Connect(string address)
    {
        SocketsHttpHandler handler = new();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(Authority);
        handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(CertificateOf("recovery-operator"), KeyOf("recovery-operator"))];
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
