using Grpc.Net.Client;

namespace RecoveryOperator.Operator.Agents;

/// <summary>Opens gRPC channels to agents: mutual TLS, as its credentials say.</summary>
internal static class AgentChannels
{
    private const int MaxMessageBytes = 32 * 1024 * 1024; // An inventory of a host with thousands of machines.

    public static GrpcChannel Open(AgentEndpoint endpoint)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            EnableMultipleHttp2Connections = true,
            SslOptions = endpoint.Tls.OptionsFor(endpoint.Address),
        };
        return GrpcChannel.ForAddress(endpoint.Address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
        });
    }
}
