using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Trust;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Hosts;

/// <summary>What a visit to a host does about its certificate.</summary>
internal sealed class HostEnrolments(HostTokens tokens, TrustState trust, AgentConnections connections, OperatorOptions options)
{
    private const string Type = ConditionTypes.Enrolled;

    /// <summary>Whether nothing can be said yet: the operator has just started, and its authority is being read.</summary>
    public bool IsStarting(RecoveryHost host) => TrustMode.Enrols(host, options) && trust is { Authority: null, Problem: null };

    /// <summary>Makes or removes the token, and ends the session of a host that was just revoked.</summary>
    /// <returns>The condition <c>Enrolled</c>.</returns>
    public async Task<ConditionFact> ReconcileAsync(RecoveryHost host, HostConnection? connection, CancellationToken cancellationToken)
    {
        if (!TrustMode.Enrols(host, options))
            return new(Type, true, "CertificatesGiven", "Certificates are given; the host does not enrol.");
        try
        {
            var (enrolled, revoked) = await tokens.ReconcileAsync(host, IsConnected(connection), cancellationToken);
            if (revoked)
                await connections.CloseHostAsync(NamespacedName.Of(host));
            return enrolled;
        }
        catch (ForeignSecretException error)
        {
            return new(Type, false, "SecretNotOurs", error.Message);
        }
    }

    /// <summary>Why there can be no session yet; null when there is nothing to say about it.</summary>
    public static Obstacle? ObstacleOf(ConditionFact enrolled, HostConnection? connection) =>
        enrolled.Status == true || IsConnected(connection) ? null : new(enrolled.Reason, enrolled.Message);

    private static bool IsConnected(HostConnection? connection) => connection?.State is { Presence: AgentPresence.Connected, Failure: null };
}
