namespace RecoveryOperator.Replication.Protection;

/// <summary>A machine in a host's inventory.</summary>
/// <param name="Id">The hypervisor's own id.</param>
/// <param name="Name">Its name.</param>
public sealed record InventoryMachine(string Id, string Name);

/// <summary>A host's inventory.</summary>
/// <param name="Host">Name of the RecoveryHost.</param>
/// <param name="Machines">Its machines; null when the host does not answer.</param>
public sealed record HostMachines(string Host, IReadOnlyList<InventoryMachine>? Machines);

/// <summary>Finds a machine on the hosts of its site.</summary>
public static class MachineLocator
{
    /// <summary>Searches by exactly one of name and id.</summary>
    /// <param name="site">Name of the site, for messages.</param>
    /// <param name="name">Name to search, or null.</param>
    /// <param name="id">Id to search, or null.</param>
    /// <param name="hosts">All hosts of the site.</param>
    public static MachineFacts Locate(string site, string? name, string? id, IReadOnlyList<HostMachines> hosts)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        var wanted = id is null ? $"named '{name}'" : $"with id '{id}'";
        if (hosts.Count == 0)
            return new(MachineOutcome.NotFound, "NoHosts", $"RecoverySite '{site}' has no RecoveryHost: create one for the host that the machine {wanted} runs on.");
        var found = hosts
            .SelectMany(h => (h.Machines ?? []).Where(m => id is null ? m.Name == name : Same(m.Id, id)).Select(m => (h.Host, Machine: m)))
            .ToList();
        var silent = hosts.Where(h => h.Machines is null).Select(h => h.Host).Order(StringComparer.Ordinal).ToList();
        return found switch
        {
            [var one] => new(MachineOutcome.Found, "Found", $"Machine {one.Machine.Name} ({one.Machine.Id}) is on host {one.Host}.", one.Host, one.Machine.Id, one.Machine.Name),
            [] when silent.Count > 0 => new(
                MachineOutcome.Unknown,
                "HostsSilent",
                $"No answering host of site '{site}' has a machine {wanted}, and these do not answer: {string.Join(", ", silent)}. Look at their condition Connected."),
            [] => new(
                MachineOutcome.NotFound,
                "MachineNotFound",
                $"No host of site '{site}' ({string.Join(", ", hosts.Select(h => h.Host).Order(StringComparer.Ordinal))}) has a machine {wanted}: correct spec.vm, or create the machine; kubectl get rhost -o yaml lists what there is."),
            _ => new(
                MachineOutcome.Ambiguous,
                "MachineAmbiguous",
                $"More than one machine {wanted} is in site '{site}': {string.Join(", ", found.Select(f => $"{f.Machine.Id} on {f.Host}"))}. Name one by spec.vm.id, or remove the copy that should not be there."),
        };
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
