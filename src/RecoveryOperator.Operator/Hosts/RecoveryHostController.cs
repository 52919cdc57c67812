using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Operator.Trust;

namespace RecoveryOperator.Operator.Hosts;

/// <summary>Keeps the session with a host's agent open and tells what it says.</summary>
internal sealed class RecoveryHostController(
    AgentConnections connections,
    AgentEndpoints endpoints,
    IObjectReader<RecoverySite> sites,
    HostSettingsWriter settings,
    HostEnrolments enrolments,
    EnrolledHosts enrolled,
    StatusWriter status,
    IEventRecorder events,
    OperatorOptions options,
    TimeProvider timeProvider) : IEntityController<RecoveryHost>
{
    /// <summary>Name of the index by site.</summary>
    public const string BySite = "site";

    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoveryHost>> ReconcileAsync(RecoveryHost entity, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(entity);
        if (enrolments.IsStarting(entity))
            return ReconciliationResult<RecoveryHost>.Success(entity, TimeSpan.FromSeconds(1));
        var resolved = await endpoints.ResolveAsync(entity, cancellationToken);
        if (resolved.Endpoint is null)
            await connections.CloseHostAsync(key);
        var connection = resolved.Endpoint is { } endpoint ? await connections.EnsureHostAsync(key, endpoint) : null;
        var enrolment = await enrolments.ReconcileAsync(entity, connection, cancellationToken);
        var site = sites.Get(new(key.Namespace, entity.Spec.SiteRef.Name));
        if (connection?.State.Presence == AgentPresence.Connecting && entity.Status is not null && enrolment.Status == true)
            return ReconciliationResult<RecoveryHost>.Success(entity, options.RetryInterval); // The session's first word comes as a trigger; until then nothing new is known.
        var applied = await settings.ApplyAsync(entity, site, connection, cancellationToken);
        var facts = new HostFacts(site, connection?.State, connection?.Description, resolved.Obstacle ?? HostEnrolments.ObstacleOf(enrolment, connection), applied, enrolment);
        var desired = HostStatusBuilder.Build(entity, facts, options.StatusRefreshInterval, timeProvider.GetUtcNow());
        if (await status.ApplyAsync(entity, desired, cancellationToken))
            Transitions.Publish(events, entity, entity.Status?.Conditions, desired.Conditions);
        var settled = enrolment.Status == true && connection?.State is { Presence: AgentPresence.Connected, Failure: null };
        return ReconciliationResult<RecoveryHost>.Success(entity, settled ? options.StatusRefreshInterval : options.RetryInterval);
    }

    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoveryHost>> DeletedAsync(RecoveryHost entity, CancellationToken cancellationToken)
    {
        enrolled.Forget(NamespacedName.Of(entity));
        await connections.CloseHostAsync(NamespacedName.Of(entity));
        return ReconciliationResult<RecoveryHost>.Success(entity);
    }
}
