using System.Net.Security;

namespace RecoveryOperator.Operator.Agents;

/// <summary>How the operator shows who it is to an agent, and how it knows the agent.</summary>
public interface IAgentCredentials
{
    /// <summary>Changes when a connection has to be made anew; no secret.</summary>
    string Fingerprint { get; }

    /// <summary>Mutual TLS with an agent at an address.</summary>
    SslClientAuthenticationOptions OptionsFor(Uri address);
}
