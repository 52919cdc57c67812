using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Hosts;

/// <summary>What is known about a host when it is visited.</summary>
/// <param name="Site">Its site; null when there is none of that name.</param>
/// <param name="Agent">The agent's state; null when no session could be opened.</param>
/// <param name="Description">What the agent last said; null before it did.</param>
/// <param name="Unusable">Why no session could be opened.</param>
/// <param name="Settings">Whether the agent has the host's settings.</param>
/// <param name="Enrolled">Whether the agent has a certificate of the operator's authority.</param>
internal sealed record HostFacts(RecoverySite? Site, AgentState? Agent, HostDescription? Description, Obstacle? Unusable, ConditionFact Settings, ConditionFact Enrolled);

/// <summary>Builds a host's status. What changes all the time is refreshed only now and then.</summary>
internal static class HostStatusBuilder
{
    private const int MaxItems = 200;
    private const int MaxNetworkLength = 253;
    private const int MaxNetworksOfVm = 16;
    private const long Gibibyte = 1L << 30;

    /// <param name="host">The host with its status so far.</param>
    /// <param name="facts">What is known.</param>
    /// <param name="refreshInterval">How often times are refreshed.</param>
    /// <param name="now">The time.</param>
    public static RecoveryHostStatus Build(RecoveryHost host, HostFacts facts, TimeSpan refreshInterval, DateTimeOffset now)
    {
        var before = host.Status;
        var conditions = Conditions(host, facts);
        bool? connected = conditions[0].Status;
        var refresh = before?.LastSeenTime is not { } seen || now - seen >= refreshInterval || before.Connected != connected || before.ObservedGeneration != host.Metadata.Generation;
        var said = connected is null ? null : facts.Description;
        return new()
        {
            ObservedGeneration = host.Metadata.Generation,
            Connected = connected,
            LastSeenTime = refresh ? facts.Agent?.LastSeen.WholeSeconds() ?? before?.LastSeenTime : before?.LastSeenTime,
            AgentVersion = said?.AgentVersion ?? before?.AgentVersion,
            Driver = said?.Driver ?? before?.Driver,
            HypervisorVersion = said?.HypervisorVersion ?? before?.HypervisorVersion,
            Capabilities = said is null ? before?.Capabilities ?? [] : Capabilities(said),
            Networks = said is null ? before?.Networks ?? [] : [.. said.Networks.Select(n => n.Cut(MaxNetworkLength)).Distinct().Order(StringComparer.Ordinal).Take(MaxItems)],
            Vms = connected == true && said is not null ? Inventory(said) : null,
            FreeStorageBytes = refresh && said is not null ? said.FreeStorageBytes / Gibibyte * Gibibyte : before?.FreeStorageBytes,
            Conditions = ConditionSet.Build(before?.Conditions, conditions.Concat(SummaryOf(conditions, facts)).ToList(), host.Metadata.Generation, now),
        };
    }

    private static IReadOnlyList<ConditionFact> Conditions(RecoveryHost host, HostFacts facts) =>
        [Connected(facts), Driver(host, facts), facts.Settings, facts.Enrolled];

    /// <summary>A silent agent makes what it reported unknown; one that could never be reached is not connected.</summary>
    private static ConditionFact Connected(HostFacts facts) => facts switch
    {
        { Unusable: { } unusable } => new(ConditionTypes.Connected, false, unusable.Reason, unusable.Message),
        { Agent: { Presence: AgentPresence.Connected } } => new(ConditionTypes.Connected, true, "Connected", "The agent answers."),
        { Agent: { Presence: AgentPresence.Silent, LastSeen: not null, Failure: { } failure } } => new(ConditionTypes.Connected, null, failure.Reason, failure.Message),
        { Agent.Failure: { } failure } => new(ConditionTypes.Connected, false, failure.Reason, failure.Message),
        _ => new(ConditionTypes.Connected, null, "Connecting", "The agent has not answered yet."),
    };

    private static ConditionFact Driver(RecoveryHost host, HostFacts facts)
    {
        const string Type = ConditionTypes.DriverMatchesSite;
        var site = host.Spec.SiteRef.Name;
        if (facts.Site is null)
            return new(Type, false, "SiteNotFound", $"RecoverySite {host.Metadata.NamespaceProperty}/{site} does not exist: create it, or correct spec.siteRef.");
        if (facts.Description is not { } said)
            return new(Type, null, "NotKnown", "The agent has not told its driver yet.");
        if (facts.Agent is not { Presence: AgentPresence.Connected })
            return new(Type, null, "AgentSilent", $"The agent is silent. It ran the {said.Driver} driver when it last answered.");
        var wanted = facts.Site.Spec.Type == SiteType.VMM ? SiteType.HyperV : facts.Site.Spec.Type;
        return said.Driver == wanted.ToString()
            ? new(Type, true, "Matches", $"The agent runs the {said.Driver} driver.")
            : new(Type, false, "DriverMismatch", $"The agent runs the {said.Driver} driver, RecoverySite {site} is of type {facts.Site.Spec.Type}: name a site of the agent's type, or configure the agent's driver.");
    }

    private static IEnumerable<ConditionFact> SummaryOf(IReadOnlyList<ConditionFact> specific, HostFacts facts)
    {
        var needsSomebody = facts.Unusable is not null || facts.Site is null || facts.Agent?.Failure is { NeedsSomebody: true } || specific[1].Status == false || specific[2].Status == false;
        return Summary.Of(specific, needsSomebody, "The agent answers and runs the site's driver.").Skip(specific.Count);
    }

    private static IReadOnlyList<string> Capabilities(HostDescription said) =>
        [.. new[] { said.TracksChanges ? "TracksChanges" : null, said.RunsReplicas ? "RunsReplicas" : null }.OfType<string>()];

    private static VmInventory Inventory(HostDescription said) => new()
    {
        Count = said.Machines.Count,
        Items = [.. said.Machines.OrderBy(m => m.Name, StringComparer.Ordinal).ThenBy(m => m.Id, StringComparer.Ordinal).Take(MaxItems).Select(m => new VmSummary
        {
            Name = m.Name,
            Id = m.Id,
            State = m.State switch { MachineState.Off => VmState.Off, MachineState.Running => VmState.Running, MachineState.Paused => VmState.Paused, _ => VmState.Unknown },
            NicCount = m.Nics.Count,
            Networks = [.. m.Nics.Select(n => n.Network.Cut(MaxNetworkLength)).Where(n => n.Length > 0).Distinct().Order(StringComparer.Ordinal).Take(MaxNetworksOfVm)],
            DiskCount = m.Disks.Count,
            SizeBytes = m.Disks.Sum(d => d.SizeBytes),
        })],
    };
}
