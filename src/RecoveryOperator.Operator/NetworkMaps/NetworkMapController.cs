using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Status;

namespace RecoveryOperator.Operator.NetworkMaps;

/// <summary>Compares a map with its sites: do they and the networks exist, and which networks does nobody map.</summary>
internal sealed class NetworkMapController(
    IObjectReader<RecoverySite> sites, NetworkMapLookup maps, SiteNetworks networks, StatusWriter status, IEventRecorder events, TimeProvider timeProvider)
    : IEntityController<NetworkMap>
{
    private const int MaxNetworks = 200;

    /// <inheritdoc/>
    public async Task<ReconciliationResult<NetworkMap>> ReconcileAsync(NetworkMap entity, CancellationToken cancellationToken)
    {
        var facts = Gather(entity);
        var specific = NetworkMapConditions.Decide(facts);
        var conditions = Summary.Of(specific, needsSomebody: true, "Sites and networks are there.");
        var desired = new NetworkMapStatus
        {
            ObservedGeneration = entity.Metadata.Generation,
            Mapped = facts.Mapped,
            Unmapped = facts.Unmapped?.Count,
            UnmappedNetworks = [.. (facts.Unmapped ?? []).Take(MaxNetworks)],
            Conditions = ConditionSet.Build(entity.Status?.Conditions, conditions, entity.Metadata.Generation, timeProvider.GetUtcNow()),
        };
        if (await status.ApplyAsync(entity, desired, cancellationToken))
            Transitions.Publish(events, entity, entity.Status?.Conditions, desired.Conditions);
        return ReconciliationResult<NetworkMap>.Success(entity);
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<NetworkMap>> DeletedAsync(NetworkMap entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<NetworkMap>.Success(entity));

    private NetworkMapFacts Gather(NetworkMap entity)
    {
        var source = NamespacedName.Of(entity) with { Name = entity.Spec.SourceSiteRef.Name };
        var target = source with { Name = entity.Spec.TargetSiteRef.Name };
        var counting = maps.Find(source, target.Name);
        var older = counting is null || counting.Metadata.Name == entity.Metadata.Name ? null : counting;
        return new(entity, older, sites.Get(source), sites.Get(target), networks.Of(source), networks.Of(target));
    }
}
