using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace RecoveryOperator.Operator.Agents;

/// <summary>Opens gRPC channels to agents: mutual TLS, the agent's certificate checked against its authorities and the address' host name.</summary>
internal static class AgentChannels
{
    private const int MaxMessageBytes = 32 * 1024 * 1024; // An inventory of a host with thousands of machines.

    public static GrpcChannel Open(AgentEndpoint endpoint)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(endpoint.Tls.Authorities);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            EnableMultipleHttp2Connections = true,
            SslOptions = new SslClientAuthenticationOptions
            {
                TargetHost = endpoint.Address.Host,
                ClientCertificates = [endpoint.Tls.Client],
                LocalCertificateSelectionCallback = (_, _, _, _, _) => endpoint.Tls.Client,
                CertificateChainPolicy = policy,
            },
        };
        return GrpcChannel.ForAddress(endpoint.Address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
        });
    }
}
