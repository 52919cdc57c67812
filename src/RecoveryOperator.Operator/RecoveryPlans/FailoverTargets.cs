using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Finds the host that a machine is recovered on.</summary>
internal sealed class FailoverTargets(IObjectReader<RecoveryHost> hosts)
{
    /// <summary>The host, or why there is none and what to do.</summary>
    public TargetChoice Choose(RecoveryPlan plan, ProtectedVM machine)
    {
        var site = plan.Spec.TargetSiteRef?.Name ?? machine.Spec.Target?.SiteRef.Name;
        var name = machine.Metadata.Name;
        if (site is null)
            return TargetChoice.None($"{name} has no target: set spec.target.siteRef in its ProtectedVM, or spec.targetSiteRef in the plan.");

        var wanted = machine.Spec.Target?.HostRef?.Name;
        var ofSite = hosts.List(machine.Metadata.NamespaceProperty)
            .Where(h => h.Spec.SiteRef.Name == site && (wanted is null || h.Metadata.Name == wanted))
            .ToList();
        if (ofSite.Count == 0)
        {
            return TargetChoice.None(wanted is null
                ? $"Site {site}, the target of {name}, has no RecoveryHost: create one."
                : $"RecoveryHost {wanted}, the target of {name}, does not exist in site {site}: create it, or change spec.target.hostRef.");
        }

        var host = ofSite.Where(h => h.Status?.Connected == true).MaxBy(h => h.Status?.FreeStorageBytes ?? 0);
        return host is null
            ? TargetChoice.None($"No host of site {site} is connected ({string.Join(", ", ofSite.Select(h => h.Metadata.Name))}): start its agent, or look at the host's conditions.")
            : new TargetChoice(NamespacedName.Of(host), site, null);
    }
}

/// <summary>A target, or why there is none.</summary>
/// <param name="Host">The host; null when there is none.</param>
/// <param name="Site">Its site.</param>
/// <param name="Obstacle">Why there is none, and what to do.</param>
internal sealed record TargetChoice(NamespacedName? Host, string Site, string? Obstacle)
{
    public static TargetChoice None(string obstacle) => new(null, string.Empty, obstacle);
}
