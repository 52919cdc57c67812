using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Vaults;

/// <summary>What came of looking at a vault's keys.</summary>
internal sealed record EncryptionFinding(ConditionFact Condition, VaultEncryptionStatus? Status, Obstacle? Obstacle);

/// <summary>Checks a vault's keys: the Secrets hold them, and the vault agent has the one in use.</summary>
internal sealed class EncryptionCheck(VaultKeys keys, ProtectionKeys protectionKeys, AgentConnections connections, IObjectReader<ProtectedVM> protections)
{
    private const string Type = ConditionTypes.EncryptionReady;

    public async Task<EncryptionFinding> CheckAsync(RecoveryVault vault, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(vault);
        if (vault.Spec.Encryption is null)
        {
            keys.Forget(key);
            return new(new(Type, true, "NotRequested", "spec.encryption is not given: change logs rely on the storage's own encryption."), null, null);
        }

        var ring = await keys.ReadAsync(vault, cancellationToken);
        var status = new VaultEncryptionStatus
        {
            KeyId = ring.Current?.Id.ToString(),
            VmsUnderOlderKeys = ring.Current is { } current ? protectionKeys.CountOthers(IdsOf(vault), current.Id) : null,
        };
        if (ring.Obstacle is { } obstacle)
            return new(new(Type, false, obstacle.Reason, obstacle.Message), status, obstacle);
        var (condition, lacking) = await AskAgentAsync(vault, status.KeyId!, cancellationToken);
        return new(condition, status, lacking);
    }

    private async Task<(ConditionFact Condition, Obstacle? Obstacle)> AskAgentAsync(RecoveryVault vault, string wanted, CancellationToken cancellationToken)
    {
        if (connections.Vault(NamespacedName.Of(vault)) is not { State.Presence: AgentPresence.Connected } connection)
            return (new(Type, true, "KeyReadable", $"The key-encryption key {wanted} is there; whether the vault agent has it is not known while it does not answer."), null);
        await connection.RefreshAsync(cancellationToken);
        var held = connection.Description?.KeyEncryptionKeyIds ?? [];
        if (held.Contains(wanted))
            return (new(Type, true, "KeyReady", $"The key-encryption key {wanted} is there, and the vault agent has it."), null);
        var given = held.Count == 0 ? "no key" : string.Join(", ", held);
        var problems = connection.Description is { KeyProblems.Count: > 0 } description ? $" ({string.Join("; ", description.KeyProblems)})" : "";
        Obstacle lacking = new(
            "AgentLacksKey",
            $"RecoveryVault {NamespacedName.Of(vault)}: the key-encryption key {wanted} is wanted, the vault agent has {given}{problems}. "
                + "Give it the same key (Vault:EncryptionKeyFiles; with the chart vaultAgent.encryption). Sets wait in the vault until then.");
        return (new(Type, false, lacking.Reason, lacking.Message), lacking);
    }

    private IEnumerable<string> IdsOf(RecoveryVault vault) => protections.ByIndex(ProtectionIndexes.Vault, NamespacedName.Of(vault).ToString())
        .Select(vm => ProtectionIds.Derive(vault.Spec.Prefix, vm.Metadata.NamespaceProperty, vm.Metadata.Name).ToString());
}
