using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Hosts;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Sites;

/// <summary>Sums up a site's hosts.</summary>
internal sealed class RecoverySiteController(
    IObjectReader<RecoveryHost> hosts, StatusWriter status, IEventRecorder events, TimeProvider timeProvider) : IEntityController<RecoverySite>
{
    private const int MaxNetworks = 200;
    private static readonly SiteType[] WithDriver = [SiteType.Libvirt, SiteType.Images];

    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoverySite>> ReconcileAsync(RecoverySite entity, CancellationToken cancellationToken)
    {
        var members = hosts.ByIndex(RecoveryHostController.BySite, NamespacedName.Of(entity).ToString());
        var connected = members.Where(h => h.Status?.Connected == true).ToList();
        IReadOnlyList<ConditionFact> specific = [Valid(entity.Spec), HostsConnected(members, connected.Count)];
        var facts = Summary.Of(specific, specific[0].Status == false || members.Count == 0, "All hosts are connected.");
        var desired = new RecoverySiteStatus
        {
            ObservedGeneration = entity.Metadata.Generation,
            Hosts = new() { Total = members.Count, Connected = connected.Count },
            Networks = [.. connected.SelectMany(h => h.Status!.Networks).Distinct().Order(StringComparer.Ordinal).Take(MaxNetworks)],
            VmCount = connected.Count == 0 ? null : connected.Sum(h => h.Status!.Vms?.Count ?? 0),
            Conditions = ConditionSet.Build(entity.Status?.Conditions, facts, entity.Metadata.Generation, timeProvider.GetUtcNow()),
        };
        if (await status.ApplyAsync(entity, desired, cancellationToken))
            Transitions.Publish(events, entity, entity.Status?.Conditions, desired.Conditions);
        return ReconciliationResult<RecoverySite>.Success(entity);
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<RecoverySite>> DeletedAsync(RecoverySite entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<RecoverySite>.Success(entity));

    /// <summary>What stands in the way of using a site; null when nothing does.</summary>
    public static Obstacle? Invalid(RecoverySiteSpec spec)
    {
        if (!WithDriver.Contains(spec.Type))
            return new("UnsupportedSiteType", $"This version has no driver for sites of type {spec.Type}; it has {string.Join(" and ", WithDriver)}.");
        return TimeZoneInfo.TryFindSystemTimeZoneById(spec.TimeZone, out _)
            ? null
            : new("UnknownTimeZone", $"spec.timeZone '{spec.TimeZone}' is not known here: use an IANA name such as Europe/Amsterdam.");
    }

    private static ConditionFact Valid(RecoverySiteSpec spec) =>
        Invalid(spec) is { } invalid
            ? new(ConditionTypes.Valid, false, invalid.Reason, invalid.Message)
            : new(ConditionTypes.Valid, true, "Valid", "Type and time zone can be used.");

    private static ConditionFact HostsConnected(IReadOnlyList<RecoveryHost> members, int connected)
    {
        const string Type = ConditionTypes.HostsConnected;
        if (members.Count == 0)
            return new(Type, false, "NoHosts", "No RecoveryHost names this site: create one for each host.");
        var missing = members.Where(h => h.Status?.Connected != true).Select(h => h.Metadata.Name).Order(StringComparer.Ordinal).ToList();
        return connected == members.Count
            ? new(Type, true, "AllConnected", $"All hosts are connected: {connected}.")
            : new(Type, members.Any(h => h.Status?.Connected == false) ? false : null, "HostsMissing", $"Not connected: {string.Join(", ", missing)}. Their condition Connected says why.");
    }
}
