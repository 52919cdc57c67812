using System.Collections.Concurrent;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Operator.Trust;

/// <summary>Credentials for hosts that enrol.</summary>
internal sealed class EnrolledHosts(TrustState state, RevocationList revocations, OperatorOptions options, ILogger<EnrolledHosts> logger)
{
    private readonly ConcurrentDictionary<NamespacedName, EnrolledCredentials> _all = new();

    /// <summary>Whether there is an authority.</summary>
    public bool IsReady => state.Authority is not null;

    /// <summary>Why there is none.</summary>
    public string Problem => state.Problem ?? "The operator's authority has not been read yet.";

    /// <summary>A host's credentials.</summary>
    public IAgentCredentials CredentialsOf(NamespacedName host) =>
        _all.GetOrAdd(host, key => new(new TrustIdentity(options.ClusterName, key.Namespace, key.Name).Uri, state, revocations, logger));

    /// <summary>Forgets a host that is gone.</summary>
    public void Forget(NamespacedName host) => _all.TryRemove(host, out _);
}
