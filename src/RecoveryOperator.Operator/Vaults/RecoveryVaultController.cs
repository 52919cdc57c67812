using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Operator.Vaults;

/// <summary>Checks a vault: the account answers, takes the credentials and is of a usable kind; its agent, where an address is given, answers.</summary>
internal sealed class RecoveryVaultController(
    VaultAccounts accounts,
    EncryptionCheck encryption,
    AgentConnections connections,
    AgentEndpoints endpoints,
    IObjectReader<ProtectedVM> protections,
    StatusWriter status,
    IEventRecorder events,
    OperatorOptions options,
    TimeProvider timeProvider) : IEntityController<RecoveryVault>
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(5);

    /// <summary>A Secret that goes is not told to anybody.</summary>
    private static readonly TimeSpan KeyCheckInterval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoveryVault>> ReconcileAsync(RecoveryVault entity, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(entity);
        var (account, unreachable) = await CheckAsync(entity, cancellationToken);
        var (agent, agentVersion, silent) = await AgentAsync(entity, key, cancellationToken);
        var keys = await encryption.CheckAsync(entity, cancellationToken);
        var obstacle = unreachable ?? silent ?? keys.Obstacle;
        ConditionFact reachable = unreachable is null
            ? new(ConditionTypes.Reachable, true, "Reachable", $"Account {account} answers and takes the credentials.")
            : new(ConditionTypes.Reachable, false, unreachable.Reason, unreachable.Message);
        var facts = Summary.Of([reachable, agent, keys.Condition], obstacle?.NeedsSomebody ?? false, "The vault can be used.");
        var users = protections.ByIndex(ProtectionIndexes.Vault, key.ToString());
        var desired = new RecoveryVaultStatus
        {
            ObservedGeneration = entity.Metadata.Generation,
            Account = account ?? entity.Status?.Account,
            AgentVersion = agentVersion,
            Encryption = keys.Status,
            UsedBy = users.Count,
            Storage = VaultStorage.Sum(users, entity.Status?.Storage, options.StatusRefreshInterval, timeProvider.GetUtcNow()),
            Conditions = ConditionSet.Build(entity.Status?.Conditions, facts, entity.Metadata.Generation, timeProvider.GetUtcNow()),
        };
        if (await status.ApplyAsync(entity, desired, cancellationToken))
            Transitions.Publish(events, entity, entity.Status?.Conditions, desired.Conditions);
        var settled = entity.Spec.Encryption is null ? CheckInterval : KeyCheckInterval;
        return ReconciliationResult<RecoveryVault>.Success(entity, obstacle is null && agent.Status == true ? settled : options.RetryInterval);
    }

    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoveryVault>> DeletedAsync(RecoveryVault entity, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(entity);
        accounts.Forget(key);
        await connections.CloseVaultAsync(key);
        return ReconciliationResult<RecoveryVault>.Success(entity);
    }

    private async Task<(string? Account, Obstacle? Obstacle)> CheckAsync(RecoveryVault entity, CancellationToken cancellationToken)
    {
        var opened = await accounts.OpenAsync(entity, cancellationToken);
        if (opened.Account is not { } account)
            return (null, opened.Obstacle);
        try
        {
            await account.CheckAsync(cancellationToken);
            accounts.Answered(entity);
            return (account.Name, null);
        }
        catch (VaultException error)
        {
            return (account.Name, accounts.Failed(entity, error));
        }
    }

    private async Task<(ConditionFact Condition, string? Version, Obstacle? Obstacle)> AgentAsync(
        RecoveryVault entity, NamespacedName key, CancellationToken cancellationToken)
    {
        const string Type = ConditionTypes.AgentConnected;
        if (entity.Spec.AgentAddress is not { } address)
        {
            await connections.CloseVaultAsync(key);
            return (new(Type, true, "NoAddress", "No agent address is given: progress is read from the vault alone."), null, null);
        }

        var resolved = await endpoints.ResolveAsync(address, null, key.Namespace, cancellationToken);
        if (resolved.Endpoint is not { } endpoint)
            return (new(Type, false, resolved.Obstacle!.Reason, resolved.Obstacle.Message), null, resolved.Obstacle);
        var connection = await connections.EnsureVaultAsync(key, endpoint);
        var version = connection.Description?.AgentVersion;
        return connection.State switch
        {
            { Presence: AgentPresence.Connected } when connection.Description?.Fault is { } fault => (new(Type, true, AgentFaults.ReasonOf(fault), AgentFaults.Text(fault)), version, null),
            { Presence: AgentPresence.Connected } => (new(Type, true, "Connected", "The vault agent answers."), version, null),
            { Failure: { } failure } => (new(Type, false, failure.Reason, $"{failure.Message} Sets are kept in the vault and applied when it is back."), null, failure),
            _ => (new(Type, null, "Connecting", "The vault agent has not answered yet."), null, null),
        };
    }
}
