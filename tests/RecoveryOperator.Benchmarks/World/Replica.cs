using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>A protection's place in the vault, as the operator makes it.</summary>
internal sealed class Replica
{
    private Replica(ProtectionId id, ProtectionVault vault, Uri hostGrant)
    {
        Id = id.ToString();
        Vault = vault;
        HostGrant = hostGrant;
    }

    public string Id { get; }

    public ProtectionVault Vault { get; }

    public Uri HostGrant { get; }

    public static async Task<Replica> ClaimAsync(VaultAccount account, string name, CancellationToken cancellationToken)
    {
        ProtectionId id = ProtectionId.Compute(account.Prefix, "benchmark", name);
        ProtectionVault vault = account.Open(id);
        VmDocument vm = new()
        {
            ProtectionId = id.ToString(),
            Cluster = "benchmark",
            Namespace = "benchmark",
            Name = name,
            Prefix = account.Prefix,
            MachineId = name,
            MachineName = name,
            SourceSite = "a",
            CreatedAt = DateTimeOffset.UtcNow,
        };
        await vault.EnsureCreatedAsync(vm, new JournalDocument { ActiveSite = "a", Epoch = 1 }, cancellationToken);
        return new Replica(id, vault, await vault.GrantHostAsync(1, DateTimeOffset.UtcNow, cancellationToken));
    }
}
