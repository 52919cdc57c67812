namespace RecoveryOperator.Operator.Agents;

/// <summary>Where an agent is and how to trust it.</summary>
/// <param name="Address"><c>https://host:port</c>.</param>
/// <param name="Tls">Certificates.</param>
public sealed record AgentEndpoint(Uri Address, IAgentCredentials Tls)
{
    /// <summary>Changes when a connection has to be made anew.</summary>
    public string Fingerprint => $"{Address} {Tls.Fingerprint}";
}
