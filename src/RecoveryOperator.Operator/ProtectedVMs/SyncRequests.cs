using System.Collections.Concurrent;
using Grpc.Core;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// Hands a user's wish for a set at once (<see cref="ApiConstants.SyncAnnotation"/>) to the host. The annotation's value is the operation's id, so the agent
/// cuts once for each value, however often it is told.
/// </summary>
internal sealed class SyncRequests(IEventRecorder events, TimeProvider time)
{
    private readonly ConcurrentDictionary<NamespacedName, string> _handed = new();

    /// <summary>Hands the wish over if there is a new one and the host holds the protection.</summary>
    public async Task ForwardAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        string? wish = null;
        gathered.Entity.Metadata.Annotations?.TryGetValue(ApiConstants.SyncAnnotation, out wish);
        if (string.IsNullOrEmpty(wish) || gathered is not { Connection: { } connection, Status.Phase: Protocol.ProtectionPhase.Replicating, Id: { } id }
            || _handed.GetValueOrDefault(gathered.Key) == wish)
            return;

        var request = new StartHostOperationRequest
        {
            Id = $"sync-{id}-{wish}",
            CutNow = new() { ProtectionId = id.ToString(), Epoch = gathered.Status.Epoch },
        };
        try
        {
            await connection.Client.StartOperationAsync(request, deadline: HostConnection.Deadline(time), cancellationToken: cancellationToken);
            _handed[gathered.Key] = wish;
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            events.Publish(gathered.Entity, EventType.Warning, "SyncNotRequested", AgentFaults.Explain(error, connection.Name).Message);
        }
    }

    /// <summary>The object is gone.</summary>
    public void Forget(NamespacedName key) => _handed.TryRemove(key, out _);
}
