using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.Jobs.Protections;

/// <summary>
/// The jobs of protections: made before the host is told to begin, shown from what its agent says, and ended by what stands in the vault. A machine at
/// rest has none that is open, and costs nothing.
/// </summary>
internal sealed partial class ProtectionJobs(JobMirror mirror, ILogger<ProtectionJobs> logger)
{
    /// <summary>Brings a machine's jobs in line. Called before the visit's step.</summary>
    public async Task ShowAsync(GatheredProtection gathered, ProtectionDecision decision, CancellationToken cancellationToken)
    {
        var open = gathered.OpenJobs.ToList();
        if (InitialReplicationJob.IsDue(gathered, decision.Step))
            await EnsureAsync(open, InitialReplicationJob.IdentityOf(gathered), cancellationToken);
        if (ResyncPlace.Now(gathered) is { } place && !open.Exists(job => ResyncPlace.Of(job) == place))
            await EnsureAsync(open, IdentityOf(gathered, place), cancellationToken);
        foreach (var job in open)
        {
            if (await PictureAsync(job, gathered, decision, cancellationToken) is { } picture)
                await mirror.ShowAsync(job, picture, cancellationToken);
        }
    }

    private async Task EnsureAsync(List<RecoveryJob> open, JobIdentity? identity, CancellationToken cancellationToken)
    {
        if (identity is not null && !open.Exists(job => job.Metadata.Name == identity.Key.Name) && await mirror.EnsureAsync(identity, cancellationToken) is { } made)
            open.Add(made);
    }

    private static JobIdentity IdentityOf(GatheredProtection gathered, ResyncPlace place) =>
        new(gathered.Entity, JobSubjectKind.ProtectedVM, RecoveryJobType.Resync, place.OperationId(gathered.Status!.Resync.Token));

    private async Task<JobPicture?> PictureAsync(RecoveryJob job, GatheredProtection gathered, ProtectionDecision decision, CancellationToken cancellationToken)
    {
        if (job.Spec.Type == RecoveryJobType.Resync && ResyncPlace.Of(job) is { } place)
            return place == ResyncPlace.Now(gathered) ? ResyncJob.Show(job, gathered, decision) : await EndAsync(job, place, gathered, decision, cancellationToken);
        if (job.Spec.Type != RecoveryJobType.InitialReplication || InitialReplicationJob.IdentityOf(gathered) is not { } identity)
            return null;
        return identity.OperationId == job.Spec.OperationId
            ? InitialReplicationJob.Show(gathered, decision)
            : new(RecoveryJobState.Canceled, [], "The replica that was filled is not there any more; another one took its place.", new(false, "Ended", "It has ended."));
    }

    /// <summary>The agent speaks of it no more. Its end stands in the vault; where it does not yet, the job stays as it is.</summary>
    private async Task<JobPicture?> EndAsync(
        RecoveryJob job, ResyncPlace place, GatheredProtection gathered, ProtectionDecision decision, CancellationToken cancellationToken)
    {
        var (vault, agent) = (gathered.Facts.Vault, gathered.Facts.Agent);
        if (vault.Knowledge == VaultKnowledge.Ours && (vault.Failover != FailoverState.None || vault.Epoch > place.Epoch))
            return ResyncJob.Ended(RecoveryJobState.Canceled, "A failover of the machine ended it: nothing more is compared.");
        if (agent.Knowledge != AgentKnowledge.Reports || agent.Epoch != place.Epoch)
            return ResyncJob.Unknown(job, agent.Silence?.Message ?? "The host's agent does not say how it stands.", null);
        if (agent.CommittedSequence > place.Sequence)
            return await CompletionAsync(job, place, gathered, cancellationToken);
        if (ResyncJob.IsCanceled(job, gathered))
            return Canceled(agent.NeedsResync);
        return agent.NeedsResync ? ResyncJob.Unknown(job, agent.Resync?.Message ?? "Source and replica must be compared.", ProtectionStall.Of(decision)) : null;
    }

    /// <summary>The set behind the one at which it began completes it, or it was given up.</summary>
    private async Task<JobPicture?> CompletionAsync(RecoveryJob job, ResyncPlace place, GatheredProtection gathered, CancellationToken cancellationToken)
    {
        if (gathered.Place is not { } vault)
            return null;
        try
        {
            var next = await vault.ReadSetAsync(place.Epoch, place.Sequence + 1, cancellationToken);
            var completed = next is null ? !ResyncJob.IsCanceled(job, gathered) : next.Manifest.Completes == Completes.Resync;
            return completed
                ? ResyncJob.Ended(RecoveryJobState.Succeeded, $"Set {place.Epoch}/{place.Sequence + 1} completes it: the replica is what the source is.")
                : Canceled(gathered.Facts.Agent.NeedsResync);
        }
        catch (VaultException fault)
        {
            LogNotRead(gathered.Key.ToString(), fault);
            return null;
        }
    }

    private static JobPicture Canceled(bool needed) => ResyncJob.Ended(
        RecoveryJobState.Canceled,
        needed
            ? "It was given up. The machine needs it still: ask again with a new spec.resync.token."
            : "It was given up, and replication goes on. Ask again with a new spec.resync.token.");

    [LoggerMessage(1, LogLevel.Warning, "How a resynchronization of {protectedVm} ended cannot be read from the vault; it is looked at again")]
    private partial void LogNotRead(string protectedVm, Exception exception);
}
