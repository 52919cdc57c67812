using RecoveryOperator.DataPath;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>A protected machine as the vault describes it. What cannot be read of it is said in <see cref="Problem"/> and is null.</summary>
internal sealed record VaultMachine(ProtectionId Id, ProtectionVault Vault, VmDocument? Vm, JournalDocument? Journal, AppliedDocument? Applied, string? Problem)
{
    /// <summary>Its name for people.</summary>
    public string Name => Vm is null ? Id.ToString() : $"{Vm.Namespace}/{Vm.Name}";

    /// <summary>What the vault says of its state.</summary>
    public string State => this switch
    {
        { Problem: { } problem } => $"Unreadable: {problem}",
        { Applied.ReplicaDamage: { } damage } => $"ReplicaDamaged ({damage.BadBlocks} blocks, point {damage.Point.Epoch}-{damage.Point.Sequence})",
        { Applied.Damage: { } damage } => $"SetDamaged ({damage.Epoch}-{damage.Sequence})",
        { Journal.Failover: { Committed: true } failover } => $"Committed ({failover.Site})",
        { Journal.Failover: { } failover } => $"FailedOver ({failover.Site})",
        { Applied.Sealed: true } => "Sealed",
        { Applied.LatestPoint: not null } => "Open",
        _ => "NoPoint",
    };

    /// <summary>Reads what the vault knows of a protection.</summary>
    /// <exception cref="VaultException">The storage cannot be reached or refuses the credential.</exception>
    public static async Task<VaultMachine> ReadAsync(VaultAccount account, ProtectionId id, CancellationToken cancellationToken)
    {
        ProtectionVault vault = account.Open(id);
        List<string> problems = [];
        VmDocument? vm = (await OrProblemAsync(vault.ReadVmAsync(cancellationToken), problems))?.Value;
        JournalDocument? journal = (await OrProblemAsync(vault.ReadJournalAsync(cancellationToken), problems))?.Value;
        AppliedDocument? applied = await OrProblemAsync(vault.ReadAppliedAsync(cancellationToken), problems);
        return new VaultMachine(id, vault, vm, journal, applied, problems.Count > 0 ? string.Join(" ", problems) : null);
    }

    /// <summary>A damaged document hides one thing, not the machine: its points may be whole.</summary>
    private static async Task<T?> OrProblemAsync<T>(Task<T?> reading, List<string> problems)
        where T : class
    {
        try
        {
            return await reading;
        }
        catch (VaultException fault) when (fault.Fault is VaultFault.Damaged or VaultFault.Unsupported)
        {
            problems.Add(fault.Message);
            return null;
        }
    }
}
