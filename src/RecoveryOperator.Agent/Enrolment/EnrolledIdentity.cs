namespace RecoveryOperator.Agent.Enrolment;

/// <summary>Who this host is, and where it renews its certificate; no secret.</summary>
/// <param name="Cluster">The operator's cluster name.</param>
/// <param name="Namespace">The RecoveryHost's namespace.</param>
/// <param name="Name">The RecoveryHost's name.</param>
/// <param name="RenewalEndpoint"><c>https://host:port</c> of the operator's renewal port.</param>
/// <param name="TokenSha256">SHA-256 of the secret of the token that it enrolled with.</param>
public sealed record EnrolledIdentity(string Cluster, string Namespace, string Name, string RenewalEndpoint, string TokenSha256);
