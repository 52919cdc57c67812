using System.Net;

namespace RecoveryOperator.Agent.Hosting;

/// <summary>Section <c>Listen</c>: where the agent is reached.</summary>
public sealed record ListenOptions
{
    /// <summary>Address and port of the gRPC services, with mutual TLS.</summary>
    public string Grpc { get; init; } = "0.0.0.0:7443";

    /// <summary>Address and port of <c>/healthz</c> and <c>/metrics</c>, plain HTTP. Loopback unless a scraper must reach it.</summary>
    public string Health { get; init; } = "127.0.0.1:7480";

    /// <summary>All that is wrong.</summary>
    public IEnumerable<string> Failures()
    {
        if (!IPEndPoint.TryParse(Grpc, out _))
            yield return $"Listen:Grpc must be address:port, it is '{Grpc}'.";
        if (!IPEndPoint.TryParse(Health, out _))
            yield return $"Listen:Health must be address:port, it is '{Health}'.";
    }
}
