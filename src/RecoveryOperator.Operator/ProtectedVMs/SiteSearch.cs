using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Hosts;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Where a ProtectedVM's machine is, and who else wants it.</summary>
internal sealed record SearchResult(MachineFacts Machine, HostConnection? Connection, Obstacle? Claim, bool Settling);

/// <summary>Searches the inventories of a site's hosts.</summary>
internal sealed class SiteSearch(IObjectReader<RecoveryHost> hosts, IObjectReader<ProtectedVM> protections, AgentConnections connections)
{
    public SearchResult Search(ProtectedVM entity)
    {
        var site = $"{entity.Metadata.NamespaceProperty}/{entity.Spec.SiteRef.Name}";
        var members = hosts.ByIndex(RecoveryHostController.BySite, site)
            .Where(h => h.Metadata.DeletionTimestamp is null)
            .Select(h => (Host: h, Connection: connections.Host(NamespacedName.Of(h))))
            .ToList();
        var inventories = members.Select(m => new HostMachines(m.Host.Metadata.Name, Machines(m.Connection))).ToList();
        var machine = MachineLocator.Locate(entity.Spec.SiteRef.Name, entity.Spec.Vm.Name, entity.Spec.Vm.Id, inventories);
        var connection = machine.Host is null ? null : members.First(m => m.Host.Metadata.Name == machine.Host).Connection;
        var settling = machine.Outcome == MachineOutcome.Unknown && members.Any(m => IsSettling(m.Host, m.Connection));
        return new(machine, connection, Claim(entity, site, machine), settling);
    }

    private static IReadOnlyList<InventoryMachine>? Machines(HostConnection? connection) =>
        connection is { State.Presence: AgentPresence.Connected, Description: { } said } ? [.. said.Machines.Select(m => new InventoryMachine(m.Id, m.Name))] : null;

    /// <summary>A host whose agent cannot even be tried (no certificates) is not waited for.</summary>
    private static bool IsSettling(RecoveryHost host, HostConnection? connection) =>
        connection is null ? host.Status is null or { Connected: not false } : connection.State.Presence == AgentPresence.Connecting;

    /// <summary>The older one keeps a machine; of the same age, the first by name.</summary>
    private Obstacle? Claim(ProtectedVM entity, string site, MachineFacts machine)
    {
        var older = protections.ByIndex(ProtectionIndexes.Site, site)
            .Where(other => NamespacedName.Of(other) != NamespacedName.Of(entity) && Wants(other, entity, machine) && Age(other).CompareTo(Age(entity)) < 0)
            .MinBy(Age);
        return older is null
            ? null
            : new("MachineClaimed", $"Machine {machine.MachineName ?? entity.Spec.Vm.Name ?? entity.Spec.Vm.Id} is protected by the older ProtectedVM {NamespacedName.Of(older)}: delete one of the two.");
    }

    private static bool Wants(ProtectedVM other, ProtectedVM entity, MachineFacts machine) =>
        other.Spec.Vm.Id is { } id
            ? string.Equals(id, machine.MachineId ?? entity.Spec.Vm.Id, StringComparison.OrdinalIgnoreCase)
            : other.Spec.Vm.Name == (machine.MachineName ?? entity.Spec.Vm.Name);

    private static (DateTime, string) Age(ProtectedVM vm) => (vm.Metadata.CreationTimestamp ?? DateTime.MaxValue, NamespacedName.Of(vm).ToString());
}
