using Grpc.Core;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Finalizers;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Operator.Trust;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Hosts;

/// <summary>
/// Ends the trust in a host: its certificates are revoked first, then its machines' grants end, then it releases them. A silent host is waited for until
/// the release timeout; what it could not be told is an event then.
/// </summary>
internal sealed class RecoveryHostFinalizer(
    HostTokens tokens,
    AgentConnections connections,
    IObjectReader<ProtectedVM> protections,
    ReplicaDisposal disposal,
    GivenProtections given,
    IEventRecorder events,
    OperatorOptions options,
    TimeProvider timeProvider) : IEntityFinalizer<RecoveryHost>
{
    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoveryHost>> FinalizeAsync(RecoveryHost entity, CancellationToken cancellationToken)
    {
        var isRevoked = await RevokeAsync(entity, cancellationToken);
        var obstacles = new List<Obstacle>();
        foreach (var machine in protections.List(entity.Metadata.NamespaceProperty).Where(vm => vm.Status?.Host == entity.Metadata.Name && vm.Status.ProtectionId is not null))
        {
            if (await disposal.RevokeAsync(machine, machine.Status!.ProtectionId!, cancellationToken) is { } open)
                obstacles.Add(open);
            if (await ReleaseAsync(entity, machine.Status, cancellationToken) is { } held)
                obstacles.Add(held);
            given.Forget(machine.Status.ProtectionId!);
        }

        if (obstacles.Count > 0 && !GivesUp(entity))
            return ReconciliationResult<RecoveryHost>.Success(entity, options.RetryInterval < options.ReleaseTimeout ? options.RetryInterval : options.ReleaseTimeout);
        foreach (var obstacle in obstacles)
            events.Publish(entity, EventType.Warning, "ReleasedWithout", $"Deleted although not everything could be cleaned up: {obstacle.Message}");
        await connections.CloseHostAsync(NamespacedName.Of(entity));
        if (isRevoked)
            await tokens.ForgetAsync(entity, cancellationToken);
        return ReconciliationResult<RecoveryHost>.Success(entity);
    }

    /// <summary>Where somebody else's Secret stands in the record's place nothing was ever issued.</summary>
    private async Task<bool> RevokeAsync(RecoveryHost entity, CancellationToken cancellationToken)
    {
        if (!options.Trust.IsOn)
            return false;
        try
        {
            await tokens.CloseAsync(entity, cancellationToken);
            return true;
        }
        catch (ForeignSecretException error)
        {
            events.Publish(entity, EventType.Warning, "SecretNotOurs", error.Message);
            return false;
        }
    }

    private bool GivesUp(RecoveryHost entity) =>
        timeProvider.GetUtcNow() - new DateTimeOffset(DateTime.SpecifyKind(entity.Metadata.DeletionTimestamp!.Value, DateTimeKind.Utc)) >= options.ReleaseTimeout;

    /// <summary>Only this host's agent is told: another one may hold the machine rightly by now.</summary>
    private async Task<Obstacle?> ReleaseAsync(RecoveryHost entity, ProtectedVMStatus status, CancellationToken cancellationToken)
    {
        if (connections.Host(NamespacedName.Of(entity)) is not { } connection)
            return null; // No session was ever possible, so nothing was handed over in this process's time.
        if (connection.State.Presence != AgentPresence.Connected)
            return new("HostSilent", $"{connection.Name} does not answer, so it cannot release {status.ProtectionId}. Its access to the vault has ended.", false);
        try
        {
            await connection.Client.RemoveProtectionAsync(
                new() { ProtectionId = status.ProtectionId, Epoch = status.Epoch ?? 1 }, deadline: HostConnection.Deadline(timeProvider), cancellationToken: cancellationToken);
            connection.Forget(status.ProtectionId!);
            return null;
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            return AgentFaults.Explain(error, connection.Name);
        }
    }
}
