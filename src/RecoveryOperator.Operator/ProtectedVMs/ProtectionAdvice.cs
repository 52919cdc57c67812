using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Hosts;
using RecoveryOperator.Operator.NetworkMaps;
using RecoveryOperator.Operator.Sites;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Looks at what a failover will need, long before there is one: disks, target and networks; and behind one, what is read. It holds nothing up: replication goes on.</summary>
internal sealed class ProtectionAdvice(IObjectReader<RecoverySite> sites, IObjectReader<RecoveryHost> hosts, NetworkMapLookup maps, SiteNetworks networks, AgentConnections connections)
{
    /// <summary>The conditions.</summary>
    public IReadOnlyList<ConditionFact> Give(GatheredProtection gathered)
    {
        var spec = gathered.Entity.Spec;
        var source = gathered.Key with { Name = spec.SiteRef.Name };
        var site = spec.Target is { } target ? gathered.Key with { Name = target.SiteRef.Name } : (NamespacedName?)null;
        return
        [
            DiskAdvice.Decide(spec.ExcludeDisks, gathered.Machine?.Name, gathered.Machine?.Disks.Select(d => d.Target).ToList()),
            TargetAdvice.Decide(spec, site is { } named ? Target(named, gathered.Connection?.Host.Name) : null),
            NetworkAdvice.Decide(
                gathered.Machine is { } machine ? [.. machine.Nics.Select(n => n.Network).Where(n => n.Length > 0).Distinct(StringComparer.Ordinal)] : null,
                spec.SiteRef.Name,
                site?.Name,
                site is { } to ? maps.Find(source, to.Name) : null,
                maps.IsListed,
                site is { } at ? networks.Of(at) : null),
            RecoveredReadsAdvice.Decide(Recovered(gathered), host => connections.Host(gathered.Key with { Name = host }) is { State.Presence: AgentPresence.Connected } answering ? answering.Description : null),
        ];
    }

    private static IReadOnlyList<RecoveredMachine>? Recovered(GatheredProtection gathered) => gathered.Replica?.Journal?.Value is { } journal
        ?
        [
            .. journal.Failover is { MachineId: { } id } failover ? [new RecoveredMachine(failover.Host, id, "the recovered machine")] : Array.Empty<RecoveredMachine>(),
            .. journal.Tests.Where(test => test.MachineId is not null).Select(test => new RecoveredMachine(test.Host, test.MachineId!, $"the test machine {test.MachineName}")),
        ]
        : gathered.Replica is null ? null : [];

    private TargetFacts Target(NamespacedName named, string? sourceHost)
    {
        var site = sites.Get(named);
        return new(
            named,
            site is not null,
            site is null ? null : RecoverySiteController.Invalid(site.Spec),
            [.. hosts.ByIndex(RecoveryHostController.BySite, named.ToString()).Select(h => new TargetHost(h.Metadata.Name, h.Status?.Connected == true, h.Status?.Capabilities.Contains("RunsReplicas") == true))],
            sourceHost);
    }
}
