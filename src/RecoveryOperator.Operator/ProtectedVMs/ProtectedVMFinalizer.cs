using Grpc.Core;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Finalizers;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// Ends a protection: the host releases the machine, its access to the vault ends, and the replica is kept or deleted. What cannot be
/// reached is waited for until the release timeout; then deletion goes on without, and an event says what was left behind.
/// </summary>
internal sealed class ProtectedVMFinalizer(
    AgentConnections connections,
    ReplicaDisposal disposal,
    ProtectionCaches caches,
    StatusWriter status,
    IEventRecorder events,
    OperatorOptions options,
    TimeProvider timeProvider) : IEntityFinalizer<ProtectedVM>
{
    /// <inheritdoc/>
    public async Task<ReconciliationResult<ProtectedVM>> FinalizeAsync(ProtectedVM entity, CancellationToken cancellationToken)
    {
        if (entity.Status?.ProtectionId is not { } protectionId)
            return ReconciliationResult<ProtectedVM>.Success(entity); // Never visited with a vault: there is nothing anywhere.
        var blocked = new List<Obstacle>();
        if (await disposal.RevokeAsync(entity, protectionId, cancellationToken) is { } open)
            blocked.Add(open);
        if (await ReleaseAsync(entity, protectionId, cancellationToken) is { } held)
            blocked.Add(held);
        if (blocked.Count == 0 && await disposal.DisposeAsync(entity, protectionId, cancellationToken) is { } left)
            blocked.Add(left);
        if (blocked.Count > 0 && !GivesUp(entity))
            return await WaitAsync(entity, blocked, cancellationToken);
        foreach (var obstacle in blocked)
            events.Publish(entity, EventType.Warning, "ReleasedWithout", $"Deleted although not everything could be cleaned up: {obstacle.Message}");
        caches.Forget(protectionId);
        return ReconciliationResult<ProtectedVM>.Success(entity);
    }

    private bool GivesUp(ProtectedVM entity) =>
        timeProvider.GetUtcNow() - new DateTimeOffset(DateTime.SpecifyKind(entity.Metadata.DeletionTimestamp!.Value, DateTimeKind.Utc)) >= options.ReleaseTimeout;

    /// <summary>Every host that holds the protection releases it; one that is silent may hold it.</summary>
    private async Task<Obstacle?> ReleaseAsync(ProtectedVM entity, string protectionId, CancellationToken cancellationToken)
    {
        var last = entity.Status?.Host is { } host ? new NamespacedName(entity.Metadata.NamespaceProperty, host) : (NamespacedName?)null;
        foreach (var connection in connections.Hosts)
        {
            var holds = connection.Protection(protectionId) is not null;
            if (!holds && connection.Host != last)
                continue;
            if (connection.State is { Presence: not AgentPresence.Connected } silent)
                return new("HostSilent", $"{connection.Name} does not answer, so it cannot release the machine. Its access to the vault has ended. {silent.Failure?.Message}", false);
            if (await ReleaseAsync(connection, protectionId, entity.Status?.Epoch ?? 1, cancellationToken) is { } refused)
                return refused;
        }

        return null;
    }

    private async Task<Obstacle?> ReleaseAsync(HostConnection connection, string protectionId, long epoch, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Client.RemoveProtectionAsync(
                new() { ProtectionId = protectionId, Epoch = epoch }, deadline: HostConnection.Deadline(timeProvider), cancellationToken: cancellationToken);
            connection.Forget(protectionId);
            return null;
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            return AgentFaults.Explain(error, connection.Name);
        }
    }

    private async Task<ReconciliationResult<ProtectedVM>> WaitAsync(ProtectedVM entity, List<Obstacle> blocked, CancellationToken cancellationToken)
    {
        var before = entity.Status!;
        var until = new DateTimeOffset(DateTime.SpecifyKind(entity.Metadata.DeletionTimestamp!.Value, DateTimeKind.Utc)) + options.ReleaseTimeout;
        var message = $"Deletion waits until {until:u}, then it goes on without: {string.Join(" ", blocked.Select(b => b.Message))}";
        var facts = before.Conditions
            .Select(c => new ConditionFact(c.Type, c.Status switch { "True" => true, "False" => false, _ => null }, c.Reason, c.Message))
            .Where(c => c.Type is not (ConditionTypes.Ready or ConditionTypes.Reconciling or ConditionTypes.Replicating))
            .Append(new(ConditionTypes.Replicating, null, blocked[0].Reason, message))
            .Append(new(ConditionTypes.Ready, false, "Releasing", message))
            .Append(new(ConditionTypes.Reconciling, true, "Releasing", message))
            .ToList();
        var desired = before with
        {
            Phase = ProtectionPhase.Releasing,
            Conditions = ConditionSet.Build(before.Conditions, facts, entity.Metadata.Generation, timeProvider.GetUtcNow()),
        };
        if (await status.ApplyAsync(entity, desired, cancellationToken))
            Transitions.Publish(events, entity, before.Conditions, desired.Conditions);
        return ReconciliationResult<ProtectedVM>.Success(entity, options.RetryInterval < options.ReleaseTimeout ? options.RetryInterval : options.ReleaseTimeout);
    }
}
