using Grpc.Core;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Hosts;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Does the one step that a decision asks for. Each is safe to repeat.</summary>
internal sealed class ProtectionSteps(
    PrerequisiteChecks checks,
    GivenProtections given,
    ReplicaReader replicas,
    ProtectionLocks locks,
    VaultAccounts accounts,
    LeavingHosts leaving,
    OperatorOptions options,
    TimeProvider timeProvider)
{
    /// <summary>Does the step.</summary>
    /// <returns>What hindered it; null when it was done.</returns>
    public async Task<Obstacle?> RunAsync(ProtectionStep step, GatheredProtection gathered, CancellationToken cancellationToken)
    {
        try
        {
            return await DoAsync(step, gathered, cancellationToken);
        }
        catch (VaultException error)
        {
            return accounts.Failed(gathered.Vault!, error);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            return AgentFaults.Explain(error, gathered.Connection!.Name);
        }
        finally
        {
            if (gathered.Id is { } id)
                replicas.Invalidate(id.ToString());
        }
    }

    private Task<Obstacle?> DoAsync(ProtectionStep step, GatheredProtection gathered, CancellationToken cancellationToken) => step switch
    {
        ProtectionStep.CheckPrerequisites => CheckAsync(gathered, cancellationToken),
        ProtectionStep.ClaimReplica => ClaimAsync(gathered, cancellationToken),
        ProtectionStep.AdoptReplica => AdoptAsync(gathered, cancellationToken),
        ProtectionStep.WriteRetention => WriteRetentionAsync(gathered, cancellationToken),
        ProtectionStep.PutProtection => PutAsync(gathered, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "This step does nothing."),
    };

    private async Task<Obstacle?> CheckAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        await checks.CheckAsync(gathered, cancellationToken);
        return null;
    }

    private async Task<Obstacle?> ClaimAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        var entity = gathered.Entity;
        var vm = new VmDocument
        {
            ProtectionId = gathered.Id.ToString()!,
            Cluster = options.ClusterName,
            Namespace = entity.Metadata.NamespaceProperty,
            Name = entity.Metadata.Name,
            Prefix = gathered.Vault!.Spec.Prefix,
            MachineId = gathered.Facts.Machine.MachineId!,
            MachineName = gathered.Facts.Machine.MachineName!,
            SourceSite = entity.Spec.SiteRef.Name,
            CreatedAt = timeProvider.GetUtcNow(),
        };
        var journal = WithRetention(
            new() { ActiveSite = entity.Spec.SiteRef.Name, Epoch = 1, Epochs = [new(1, null, null)] }, gathered.Facts.Wish.Retention);
        await gathered.Place!.EnsureCreatedAsync(vm, journal, cancellationToken);
        return null; // Whose it is now is read from the vault at the next look.
    }

    private async Task<Obstacle?> AdoptAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        var standing = gathered.Replica!.Vm!;
        var adopted = standing.Value with
        {
            Cluster = options.ClusterName,
            MachineId = gathered.Facts.Machine.MachineId!,
            MachineName = gathered.Facts.Machine.MachineName!,
        };
        return Conflict(await gathered.Place!.WriteVmAsync(adopted, standing.ETag, cancellationToken) is null, "vm.json");
    }

    private static async Task<Obstacle?> WriteRetentionAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        var standing = gathered.Replica!.Journal!;
        var journal = WithRetention(standing.Value, gathered.Facts.Wish.Retention);
        return Conflict(await gathered.Place!.WriteJournalAsync(journal, standing.ETag, cancellationToken) is null, "journal.json");
    }

    private static JournalDocument WithRetention(JournalDocument journal, RetentionTerms wanted) => journal with
    {
        RetentionHours = wanted.FullDensityHours,
        Retention = wanted.HasTiers ? new(wanted.FullDensityHours, wanted.HourlyForHours, wanted.DailyForDays, wanted.WeeklyForWeeks) : null,
    };

    private async Task<Obstacle?> PutAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        var (epoch, grant) = await GrantAsync(gathered, cancellationToken);
        if (grant is null)
            return new("EpochEnded", "The journal says that this source's epoch has ended, or its RecoveryHost is being deleted: nothing is handed to the host.", false);
        if (await EncryptionObstacleAsync(gathered, cancellationToken) is { } open)
            return open;
        var desired = GivenProtections.Desired(gathered, epoch, grant);
        var status = await gathered.Connection!.Client.PutProtectionAsync(
            new PutProtectionRequest { Protection = desired }, deadline: HostConnection.Deadline(timeProvider), cancellationToken: cancellationToken);
        given.Remember(gathered, desired);
        gathered.Connection.Accept(status);
        return null;
    }

    /// <summary>
    /// The journal is read anew under the lock: a source whose epoch has ended gets no grant. The agent is told outside of it, so that a host that does
    /// not answer never holds up a failover; what it is told then is of an epoch that has a seal.
    /// </summary>
    private async Task<(long Epoch, Uri? Grant)> GrantAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        using var held = await locks.AcquireAsync(gathered.Id.ToString()!, cancellationToken);
        var journal = await gathered.Place!.ReadJournalAsync(cancellationToken);
        return !leaving.Contains(gathered.Connection!.Host) && journal?.Value is { Failover: null } now && !now.Epochs.Any(e => e.Epoch == now.Epoch && e.SealedAtSequence is not null)
            ? (now.Epoch, await gathered.Place.GrantHostAsync(now.Epoch, timeProvider.GetUtcNow(), cancellationToken))
            : (0, null);
    }

    /// <summary>A protection whose logs must be encrypted is handed over with its key, to an agent that knows what it is for, or not at all.</summary>
    private static async Task<Obstacle?> EncryptionObstacleAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        if (gathered.DataKey is not { } key)
        {
            return await gathered.Place!.ReadKeysAsync(cancellationToken) is null
                ? null
                : new("EncryptionRemoved", $"The replica {gathered.Id} has data keys, so its change logs are encrypted, and its RecoveryVault asks for no encryption. Put spec.encryption back.");
        }

        if (key.Active is null)
            return key.Obstacle ?? new("KeyNotReady", "The data key is not made yet. It is tried again.", false);
        return gathered.Connection!.Description is { EncryptsPayloads: true }
            ? null
            : new("AgentCannotEncrypt", $"{gathered.Connection.Name} (version {gathered.Connection.Description?.AgentVersion ?? "unknown"}) cannot encrypt change logs, and the vault asks for it. Upgrade the host agent.");
    }

    private static Obstacle? Conflict(bool lost, string document) =>
        lost ? new("VaultConflict", $"Somebody else wrote {document} at the same time. It is tried again.", false) : null;
}
