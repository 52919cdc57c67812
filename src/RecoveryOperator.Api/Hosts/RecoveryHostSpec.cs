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

    /// <summary>The host's agent gets its certificate from the operator, by a one-time token (docs/trust.md); not together with <see cref="Tls"/>. Absent: so too where the operator has no certificate files.</summary>
    public EnrolmentSpec? Enrolment { get; init; }

    /// <summary>How much may leave the host a second, all its machines together; absent: no limit.</summary>
    public BandwidthSpec? Bandwidth { get; init; }
}

/// <summary>Mutual TLS with an agent.</summary>
public sealed record AgentTls
{
    /// <summary>Secret of type <c>kubernetes.io/tls</c> with <c>tls.crt</c>, <c>tls.key</c> and <c>ca.crt</c>.</summary>
    public required LocalRef SecretRef { get; init; }
}

/// <summary>How an agent gets its certificate from the operator.</summary>
public sealed record EnrolmentSpec
{
    /// <summary>How long a token is good, a Go duration of 1 minute to 30 days; absent: the operator's setting (24 hours).</summary>
    public string? TokenLifetime { get; init; }
}
