using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// What was handed to agents by this process, so that the same is not handed over again. A new process hands everything over once more:
/// an agent that has it already goes on as if nothing had happened.
/// </summary>
internal sealed class GivenProtections(TimeProvider timeProvider)
{
    /// <summary>The stored policy behind a grant is good for seven days and moved forward daily.</summary>
    private static readonly TimeSpan RenewAfter = TimeSpan.FromHours(6);
    private static readonly TimeSpan RegrantAfterRefusal = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<string, Given> _given = new();

    /// <summary>Whether the agent was given exactly what is wanted now, and its grant needs no renewal.</summary>
    public bool IsGiven(GatheredProtection gathered)
    {
        if (NeedsKey(gathered) || gathered is not { Id: { } id, Terms: not null, Replica.Journal: { } journal } || !_given.TryGetValue(id.ToString(), out var given))
            return false;
        var age = timeProvider.GetUtcNow() - given.GrantedAt;
        var refused = gathered.Status?.Fault?.Reason == "GrantRefused" && age > RegrantAfterRefusal;
        return age < RenewAfter && !refused && given.Digest == Digest(gathered, Desired(gathered, journal.Value.Epoch, given.Grant));
    }

    /// <summary>The data key is to be made or changed. While it cannot be, because the key-encryption key is away, the one that was given counts.</summary>
    private static bool NeedsKey(GatheredProtection gathered) => gathered.DataKey is { IsSettled: false } key && (key.Obstacle is null || key.Active is null);

    /// <summary>Remembers what was given.</summary>
    public void Remember(GatheredProtection gathered, DesiredProtection desired) =>
        _given[desired.ProtectionId] = new(Digest(gathered, desired), new Uri(desired.LogContainerUri), timeProvider.GetUtcNow());

    public void Forget(string protectionId) => _given.TryRemove(protectionId, out _);

    /// <summary>What an agent is to be given.</summary>
    public static DesiredProtection Desired(GatheredProtection gathered, long epoch, Uri grant)
    {
        var entity = gathered.Entity;
        var desired = new DesiredProtection
        {
            ProtectionId = gathered.Id.ToString()!,
            DisplayName = gathered.Key.ToString(),
            Machine = gathered.Facts?.Machine.MachineId ?? gathered.Machine?.Id ?? "",
            Epoch = epoch,
            CopyFrequency = Duration.FromTimeSpan(gathered.Terms!.CopyFrequency),
            Paused = entity.Spec.Paused,
            UploadConcurrency = gathered.Terms.UploadConcurrency,
            LogContainerUri = grant.AbsoluteUri,
            AppConsistentInterval = gathered.Terms.AppConsistentInterval is { } interval ? Duration.FromTimeSpan(interval) : null,
            TimeZone = gathered.TimeZone,
            Resync = Resync(gathered),
            Bandwidth = gathered.Terms.Bandwidth,
            NewDisks = gathered.Terms.NewDisks,
            Compression = gathered.Terms.Compression,
            RetryToken = string.Join('/', new IMetadata<V1ObjectMeta>[] { entity }.Concat(gathered.OpenJobs).Select(RetryTokenOf).OfType<string>()),
            Adopt = gathered.Replica?.Applied is { Sequence: > 0 } applied && applied.Epoch == epoch,
        };
        if (gathered.DataKey?.Active is { } key)
            desired.PayloadKey = new() { Id = key.Id.ToString(), Key = ByteString.CopyFrom(key.Secret) };
        desired.ExcludedDisks.AddRange(entity.Spec.ExcludeDisks.Order(StringComparer.Ordinal));
        return desired;
    }

    private static ResyncTerms Resync(GatheredProtection gathered)
    {
        var terms = gathered.Terms!.Resync.Clone();
        if (gathered.OpenJobs.Any(job => job.Spec is { Type: RecoveryJobType.Resync, Cancel: not null }))
            terms.Action = ResyncAction.Cancel;
        if (gathered.Entity.Spec.Resync is not { } request)
            return terms;
        terms.Token = request.Token;
        terms.ComputeAnew = request.Checksums == Api.ProtectedVMs.ResyncChecksums.Computed;
        terms.Action = request.Action switch
        {
            Api.ProtectedVMs.ResyncAction.Pause when terms.Action != ResyncAction.Cancel => ResyncAction.Pause,
            Api.ProtectedVMs.ResyncAction.Cancel => ResyncAction.Cancel,
            _ => terms.Action,
        };
        return terms;
    }

    private static string? RetryTokenOf(IMetadata<V1ObjectMeta> entity) =>
        entity.Metadata.Annotations is { } annotations && annotations.TryGetValue(ApiConstants.RetryAnnotation, out var token) ? token : null;

    /// <summary>Everything that makes a difference, the data key by its id; the retry token does, whether sets are there already does not.</summary>
    private static string Digest(GatheredProtection gathered, DesiredProtection desired)
    {
        var compared = desired.Clone();
        compared.Adopt = false;
        return $"{gathered.Connection?.Host} {compared}";
    }

    private sealed record Given(string Digest, Uri Grant, DateTimeOffset GrantedAt);
}
