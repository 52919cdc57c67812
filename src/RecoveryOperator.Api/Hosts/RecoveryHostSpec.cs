using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Hosts;

/// <summary>What a user says about a host.</summary>
public sealed record RecoveryHostSpec
{
    /// <summary>Site that the host belongs to; immutable.</summary>
    public required LocalRef SiteRef { get; init; }

    /// <summary>Address of the agent, <c>https://host:port</c>. The agent's certificate must be for this host name.</summary>
    public required string Address { get; init; }

    /// <summary>Certificates for this host; absent: the operator's own files.</summary>
    public AgentTls? Tls { get; init; }

    /// <summary>How much may leave the host a second, all its machines together; absent: no limit.</summary>
    public BandwidthSpec? Bandwidth { get; init; }
}

/// <summary>Mutual TLS with an agent.</summary>
public sealed record AgentTls
{
    /// <summary>Secret of type <c>kubernetes.io/tls</c> with <c>tls.crt</c>, <c>tls.key</c> and <c>ca.crt</c>.</summary>
    public required LocalRef SecretRef { get; init; }
}
