using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>What the operator does in the vault before a host ships: a machine's containers, owner and journal in its first epoch.</summary>
public static class ProtectedMachines
{
    /// <summary>Creates the machine's part of the vault.</summary>
    public static Task CreateMachineAsync(this ProtectionVault vault, string vmNamespace = "default", string name = "web-1", string prefix = "", DateTimeOffset? createdAt = null)
    {
        VmDocument vm = new()
        {
            ProtectionId = vault.Id.ToString(),
            Cluster = "east",
            Namespace = vmNamespace,
            Name = name,
            Prefix = prefix,
            MachineId = $"uuid-of-{name}",
            MachineName = $"{name}.example",
            SourceSite = "a",
            CreatedAt = createdAt ?? TimeProvider.System.GetUtcNow(),
        };
        return vault.EnsureCreatedAsync(vm, new JournalDocument { ActiveSite = "a", Epoch = 1 }, TestContext.Current.CancellationToken);
    }
}
