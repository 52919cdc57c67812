using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>Finds protected machines in an account.</summary>
internal sealed class MachineFinder(VaultAccount account)
{
    private const int ParallelReads = 8;

    /// <summary>All machines, by name.</summary>
    public async Task<IReadOnlyList<VaultMachine>> ListAsync(CancellationToken cancellationToken)
    {
        List<ProtectionId> ids = [];
        await foreach (ProtectionId id in account.ListProtectionsAsync(cancellationToken))
            ids.Add(id);

        VaultMachine[] machines = new VaultMachine[ids.Count];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, ids.Count, parallel, async (index, token) => machines[index] = await VaultMachine.ReadAsync(account, ids[index], token));
        return [.. machines.OrderBy(machine => machine.Name, StringComparer.Ordinal)];
    }

    /// <summary>The one machine that is meant.</summary>
    /// <param name="wanted">Id, namespace/name, name, or the machine's own name or id.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="CommandFailedException">There is none, or more than one.</exception>
    public async Task<VaultMachine> FindAsync(string wanted, CancellationToken cancellationToken)
    {
        IReadOnlyList<VaultMachine> all = await ListAsync(cancellationToken);
        VaultMachine[] found = [.. all.Where(machine => machine.Id.ToString() == wanted || machine.Name == wanted)];
        if (found.Length == 0)
            found = [.. all.Where(machine => machine.Vm is { } vm && (vm.Name == wanted || vm.MachineName == wanted || vm.MachineId == wanted))];

        return found switch
        {
            [var one] => one,
            [] => throw new CommandFailedException(
                $"The account {account.Name} holds no machine '{wanted}'. It holds {(all.Count == 0 ? "none" : string.Join(", ", all.Take(20).Select(machine => machine.Name)))}{(all.Count > 20 ? ", …" : "")}: see 'vault list'."),
            _ => throw new CommandFailedException(
                $"'{wanted}' is the name of {found.Length} machines: {string.Join(", ", found.Select(machine => $"{machine.Name} of cluster {machine.Vm?.Cluster} ({machine.Id})"))}. Give the id."),
        };
    }
}
