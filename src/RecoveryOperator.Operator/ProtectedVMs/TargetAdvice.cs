using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>A host of the target site.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Connected">Its agent answers.</param>
/// <param name="RunsReplicas">It says that it can run recovered machines.</param>
internal sealed record TargetHost(string Name, bool Connected, bool RunsReplicas);

/// <summary>What is known about a target site.</summary>
/// <param name="Site">Its name.</param>
/// <param name="Exists">It is there.</param>
/// <param name="Unusable">Why it cannot be used; null when it can.</param>
/// <param name="Hosts">Its hosts.</param>
/// <param name="SourceHost">RecoveryHost that the machine runs on; null when not known.</param>
internal sealed record TargetFacts(NamespacedName Site, bool Exists, Obstacle? Unusable, IReadOnlyList<TargetHost> Hosts, string? SourceHost);

/// <summary>Whether the machine could be recovered where its spec says, and whether that is another place than where it runs. Pure.</summary>
internal static class TargetAdvice
{
    private const string Type = ConditionTypes.TargetUsable;

    /// <param name="spec">The protection.</param>
    /// <param name="target">What is known about its target; null when none is given.</param>
    public static ConditionFact Decide(ProtectedVMSpec spec, TargetFacts? target)
    {
        if (target is null)
            return new(Type, null, "NotGiven", "spec.target is not given: a RecoveryPlan can recover the machine only if it names the site itself (spec.targetSiteRef).");
        if (!target.Exists)
            return Bad("TargetSiteNotFound", $"RecoverySite {target.Site}, the target, does not exist: create it, or correct spec.target.siteRef.");
        if (target.Unusable is { } unusable)
            return Bad(unusable.Reason, $"RecoverySite {target.Site}, the target: {unusable.Message}");
        if (target.Hosts.Count == 0)
            return Bad("TargetWithoutHosts", $"RecoverySite {target.Site}, the target, has no RecoveryHost: create one.");
        var wanted = spec.Target!.HostRef?.Name;
        var candidates = target.Hosts.Where(h => wanted is null || h.Name == wanted).ToList();
        if (candidates.Count == 0)
            return Bad("TargetHostNotFound", $"RecoveryHost {wanted}, the target, is not in RecoverySite {target.Site}: create it there, or correct spec.target.hostRef (there are {string.Join(", ", target.Hosts.Select(h => h.Name))}).");
        return IsSource(spec, target, candidates) ?? Able(target, candidates);
    }

    /// <summary>A machine and its only target on one host are lost together.</summary>
    private static ConditionFact? IsSource(ProtectedVMSpec spec, TargetFacts target, List<TargetHost> candidates)
    {
        if (target.Site.Name != spec.SiteRef.Name)
            return null;
        var alone = candidates.Count == 1 && (target.Hosts.Count == 1 || candidates[0].Name == target.SourceHost);
        return alone
            ? Bad("TargetIsSource", $"The only target, RecoveryHost {candidates[0].Name}, is the host that the machine runs on, and both would be lost together: add a second host to RecoverySite {target.Site}, or name another in spec.target.")
            : null;
    }

    private static ConditionFact Able(TargetFacts target, List<TargetHost> candidates)
    {
        var connected = candidates.Where(h => h.Connected).ToList();
        if (connected.Count == 0)
            return new(Type, null, "TargetSilent", $"No target host is connected ({string.Join(", ", candidates.Select(h => h.Name))}): start its agent, or look at the RecoveryHost's conditions.");
        return connected.Any(h => h.RunsReplicas)
            ? new(Type, true, "Usable", $"RecoverySite {target.Site} has a host that can run the machine.")
            : Bad("TargetCannotRun", $"No connected host of RecoverySite {target.Site} can run recovered machines ({string.Join(", ", connected.Select(h => h.Name))} lack the capability RunsReplicas): name another target.");
    }

    private static ConditionFact Bad(string reason, string message) => new(Type, false, reason, message);
}
