using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.Jobs;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Policies;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using ReplicaStatus = RecoveryOperator.Protocol.ReplicaStatus;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Gathers everything that a decision on a protection needs into one record.</summary>
internal sealed class FactsGatherer(
    ReferenceResolver references,
    SiteSearch search,
    VaultAccounts accounts,
    ReplicaReader replicas,
    PrerequisiteChecks checks,
    GivenProtections given,
    ProtectionKeys keys,
    ProtectionAdvice advice,
    CopyPaces paces,
    JobMirror jobs,
    AgentConnections connections,
    OperatorOptions options,
    TimeProvider timeProvider)
{
    private static readonly TimeSpan LongestReadAge = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestReadAge = TimeSpan.FromSeconds(2);

    public async Task<GatheredProtection> GatherAsync(ProtectedVM entity, CancellationToken cancellationToken)
    {
        var resolved = references.Resolve(entity);
        var found = search.Search(entity);
        var gathered = new GatheredProtection
        {
            Entity = entity,
            Facts = null!,
            Settling = found.Settling,
            OpenJobs = jobs.Open(JobSubjectKind.ProtectedVM, NamespacedName.Of(entity)),
            Terms = resolved.Terms,
            TimeZone = resolved.Site?.Spec.TimeZone ?? "Etc/UTC",
            Vault = resolved.Vault,
            Connection = found.Connection,
            Id = resolved.Vault is { } vault ? ProtectionIds.Derive(vault.Spec.Prefix, entity.Metadata.NamespaceProperty, entity.Metadata.Name) : null,
            Machine = found.Connection?.Description?.Machines.FirstOrDefault(m => m.Id == found.Machine.MachineId),
        };
        (gathered, var vaultFacts) = await ReadVaultAsync(gathered, found.Machine, cancellationToken);
        gathered = gathered with { DataKey = await keys.LookAsync(gathered, cancellationToken) };
        gathered = gathered with { Status = gathered.Id is { } id ? gathered.Connection?.Protection(id.ToString()) : null };
        return gathered with
        {
            Pace = gathered is { Id: { } protection, Status: var said } ? paces.Observe(protection.ToString(), ProgressBuilder.CopiedBytes(said), said?.ShippedBytesTotal) : CopyPace.Unknown,
            Facts = new()
            {
                Now = timeProvider.GetUtcNow(),
                Wish = Wish(entity, resolved.Site, gathered, found.Machine),
                References = resolved.Obstacle,
                Claim = found.Claim,
                Machine = found.Machine,
                Vault = vaultFacts with { Waiting = Waiting(gathered) },
                Agent = AgentFactsReader.Read(gathered, found.Machine, given.IsGiven(gathered)),
                Prerequisites = checks.Known(gathered),
                Advice = advice.Give(gathered),
            },
        };
    }

    private Obstacle? Waiting(GatheredProtection gathered) =>
        gathered is { Vault: { } vault, Id: { } id } ? Waiting(connections.Vault(NamespacedName.Of(vault))?.Replica(id.ToString())) : null;

    /// <summary>Sets that stand in the vault and are not applied before somebody does something: gives a key, upgrades the vault agent, brings a blob back from the archive.</summary>
    internal static Obstacle? Waiting(ReplicaStatus? replica) =>
        replica?.Fault is { Reason: "KeyMissing" or "VaultUnsupported" or "VaultDamaged" } fault ? new(fault.Reason, AgentFaults.Text(fault)) : null;

    private static ProtectionWish Wish(ProtectedVM entity, RecoverySite? site, GatheredProtection gathered, MachineFacts machine) => new()
    {
        CopyFrequency = gathered.Terms?.CopyFrequency ?? TimeSpan.FromMinutes(5),
        Retention = gathered.Terms?.Retention ?? new(24),
        AppConsistentInterval = gathered.Terms?.AppConsistentInterval,
        Paused = entity.Spec.Paused,
        StartAt = StartAt(entity, site, gathered.Terms),
        AdoptionStated = entity.Spec.Adopt is { } adopt && gathered.Replica?.Vm?.Value is { } standing
            && adopt.FromCluster == standing.Cluster
            && (SameMachine(standing.MachineId, machine.MachineId) || adopt.FromMachineId == standing.MachineId),
    };

    private static DateTimeOffset? StartAt(ProtectedVM entity, RecoverySite? site, PolicyTerms? terms) =>
        terms?.InitialReplicationStart is { } timeOfDay && entity.Metadata.CreationTimestamp is { } created
            && TimeZoneInfo.TryFindSystemTimeZoneById(site?.Spec.TimeZone ?? "Etc/UTC", out var zone)
            ? StartTime.FirstAfter(new DateTimeOffset(DateTime.SpecifyKind(created, DateTimeKind.Utc)), timeOfDay, zone)
            : null;

    private async Task<(GatheredProtection Gathered, VaultFacts Facts)> ReadVaultAsync(
        GatheredProtection gathered, MachineFacts machine, CancellationToken cancellationToken)
    {
        if (gathered is not { Vault: { } vault, Id: { } id })
            return (gathered, new() { Knowledge = VaultKnowledge.Unknown });
        var opened = await accounts.ResolveAsync(vault, cancellationToken);
        if (opened.Account is not { } account)
            return (gathered, new() { Knowledge = VaultKnowledge.Unknown, Obstacle = opened.Obstacle });
        var place = account.Open(id);
        try
        {
            var replica = await replicas.ReadAsync(place, ReadAge(gathered), NamespacedName.Of(vault).ToString(), cancellationToken);
            accounts.Answered(vault);
            return (gathered with { Place = place, Replica = replica }, VaultFactsReader.Read(replica, options.ClusterName, machine.MachineId));
        }
        catch (VaultException error)
        {
            return (gathered, new() { Knowledge = VaultKnowledge.Unknown, Obstacle = accounts.Failed(vault, error) });
        }
    }

    /// <summary>A settled protection is read once per cycle, one that is being made more often.</summary>
    private static TimeSpan ReadAge(GatheredProtection gathered)
    {
        if (gathered.Entity.Status?.Phase is not (ProtectionPhase.Protected or ProtectionPhase.Committed))
            return ShortestReadAge;
        var age = (gathered.Terms?.CopyFrequency ?? LongestReadAge) / 2;
        return age < LongestReadAge ? age : LongestReadAge;
    }

    internal static bool SameMachine(string one, string? other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
