using Grpc.Core;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>The agents over their open sessions.</summary>
internal sealed partial class AgentOperations(AgentConnections connections, TimeProvider time, ILogger<AgentOperations> logger) : IPlanAgents
{
    /// <inheritdoc/>
    public async Task<Protocol.Operation> BeginAsync(NamespacedName host, StartHostOperationRequest request, CancellationToken cancellationToken)
    {
        var connection = connections.Host(host)
            ?? throw new AgentUnavailableException($"The agent of RecoveryHost {host} is not connected: start it, or look at the host's conditions.");
        try
        {
            return await connection.Client.StartOperationAsync(request, deadline: HostConnection.Deadline(time), cancellationToken: cancellationToken);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AgentUnavailableException(AgentFaults.Explain(error, $"The agent of RecoveryHost {host}").Message, error);
        }
    }

    /// <inheritdoc/>
    public async Task HurryAsync(NamespacedName vault, string operationId, string protectionId, long epoch, CancellationToken cancellationToken)
    {
        if (connections.Vault(vault) is not { } connection)
            return;
        var request = new StartVaultOperationRequest { Id = operationId, ApplyThroughSeal = new() { ProtectionId = protectionId, Epoch = epoch } };
        try
        {
            await connection.Client.StartOperationAsync(request, deadline: HostConnection.Deadline(time), cancellationToken: cancellationToken);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotHurried(vault.ToString(), AgentFaults.Explain(error, $"The vault agent of RecoveryVault {vault}").Message);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The vault agent of {recoveryVault} could not be hurried, it finds the work by itself: {reason}")]
    private partial void LogNotHurried(string recoveryVault, string reason);
}
