using System.Collections.Concurrent;
using Grpc.Core;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Agents;

/// <summary>The session with a vault agent: its _replicas as it last reported them. They say when to read the vault, not what stands there.</summary>
internal sealed partial class VaultAgentConnection(
    NamespacedName vault, AgentEndpoint endpoint, IAgentObserver observer, AgentTiming timing, TimeProvider timeProvider, ILogger logger)
    : AgentConnection($"The vault agent of RecoveryVault {vault} at {endpoint.Address}", endpoint, timing.SilenceGrace, timeProvider, logger)
{
    private readonly ConcurrentDictionary<string, ReplicaStatus> _replicas = new();

    public NamespacedName Vault { get; } = vault;

    public VaultAgentDescription? Description { get; private set; }

    public VaultAgent.VaultAgentClient Client => new(Invoker);

    /// <summary>The latest status of a replica; null when the agent has not named it.</summary>
    public ReplicaStatus? Replica(string protectionId) => _replicas.GetValueOrDefault(protectionId);

    /// <summary>Asks the agent to describe itself anew, because its keys come and go. An agent that does not answer keeps its last word: the session notices that by itself.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            Description = await Client.DescribeAsync(new DescribeVaultAgentRequest(), deadline: HostConnection.Deadline(TimeProvider), cancellationToken: cancellationToken);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotDescribed(Logger, Name, error);
        }
    }

    protected override async Task SessionAsync(CancellationToken cancellationToken)
    {
        Description = await Client.DescribeAsync(
            new DescribeVaultAgentRequest(), deadline: HostConnection.Deadline(TimeProvider), cancellationToken: cancellationToken);
        Answered();
        using var call = Client.WatchReplicas(new WatchReplicasRequest(), cancellationToken: cancellationToken);
        await foreach (var status in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            var before = _replicas.GetValueOrDefault(status.ProtectionId);
            _replicas[status.ProtectionId] = status;
            if (before is null || Position(before) != Position(status))
                observer.ReplicaChanged(status.ProtectionId);
        }
    }

    protected override void PresenceChanged() => observer.VaultChanged(Vault);

    private static (long, long, bool, int, string?) Position(ReplicaStatus status) =>
        (status.Epoch, status.AppliedSequence, status.Sealed, status.Points, status.Fault?.Reason);

    [LoggerMessage(LogLevel.Warning, "{Agent} did not describe itself; its last word counts")]
    private static partial void LogNotDescribed(ILogger logger, string agent, Exception error);
}
