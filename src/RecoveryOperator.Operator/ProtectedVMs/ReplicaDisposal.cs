using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.DataPath;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>What becomes of a replica when its ProtectedVM goes. Only a replica of this cluster is ever touched, and none that a machine may run from.</summary>
internal sealed class ReplicaDisposal(
    IObjectReader<RecoveryVault> vaults, VaultAccounts accounts, ProtectionLocks locks, IEventRecorder events, OperatorOptions options)
{
    /// <summary>Ends the hosts' access to the log container.</summary>
    /// <returns>What hindered it; null when it was done.</returns>
    public Task<Obstacle?> RevokeAsync(ProtectedVM entity, string protectionId, CancellationToken cancellationToken) =>
        OnOwnPlaceAsync(entity, protectionId, place => place.RevokeHostGrantAsync(cancellationToken), cancellationToken);

    /// <summary>Deletes the replica if the deletion policy says so.</summary>
    /// <returns>What hindered it; null when it was done.</returns>
    public Task<Obstacle?> DisposeAsync(ProtectedVM entity, string protectionId, CancellationToken cancellationToken)
    {
        if (entity.Spec.DeletionPolicy != DeletionPolicy.Delete)
            return Task.FromResult<Obstacle?>(null);
        return OnOwnPlaceAsync(
            entity,
            protectionId,
            async place =>
            {
                var journal = (await place.ReadJournalAsync(cancellationToken))?.Value;
                if (journal?.Tests is [var test, ..])
                {
                    events.Publish(entity, EventType.Warning, "ReplicaKept", $"The replica {protectionId} is kept although deletionPolicy is Delete: the test machine {test.MachineName} of plan {test.Plan} on host {test.Host} reads its disks from it.");
                    return;
                }

                if (journal?.Failover is { } failover)
                {
                    events.Publish(entity, EventType.Warning, "ReplicaKept", $"The replica {protectionId} is kept although deletionPolicy is Delete: the machine on host {failover.Host} may still read its disks from it.");
                    return;
                }

                await place.DeleteAsync(cancellationToken);
            },
            cancellationToken);
    }

    private async Task<Obstacle?> OnOwnPlaceAsync(ProtectedVM entity, string protectionId, Func<ProtectionVault, Task> act, CancellationToken cancellationToken)
    {
        var key = new NamespacedName(entity.Metadata.NamespaceProperty, entity.Spec.VaultRef.Name);
        if (vaults.Get(key) is not { } vault)
            return new("VaultNotFound", $"RecoveryVault {key} does not exist any more, so the replica {protectionId} stays as it is.", false);
        var opened = await accounts.ResolveAsync(vault, cancellationToken);
        if (opened.Account is not { } account)
            return opened.Obstacle;
        using var held = await locks.AcquireAsync(protectionId, cancellationToken);
        try
        {
            var place = account.Open(ProtectionId.Parse(protectionId));
            if ((await place.ReadVmAsync(cancellationToken))?.Value is { } vm && vm.Cluster == options.ClusterName)
                await act(place);
            return null;
        }
        catch (VaultException error)
        {
            return accounts.Failed(vault, error);
        }
    }
}
