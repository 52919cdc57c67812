using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Verify;

/// <summary>What came of recording a verification.</summary>
public enum RecordOutcome
{
    /// <summary>It stands in the point and in <c>applied.json</c>.</summary>
    Recorded,

    /// <summary>The point was pruned meanwhile: there is nothing to record it on.</summary>
    PointGone,

    /// <summary>An applier holds the replica: try again.</summary>
    LeaseHeld,
}

/// <summary>
/// Writes what a verification found: to the point by its ETag, then to <c>applied.json</c> under its lease. Safe to repeat. Within one process it must not run beside an applier of the same replica and holder.
/// </summary>
public sealed class VerificationRecorder(VaultAccount account, ProtectionVault vault, LeaseHolder holder, TimeSpan leaseDuration, ILogger logger)
{
    /// <summary>Records it.</summary>
    /// <exception cref="VaultException">The storage refused: AccessDenied where the credential may not write; Conflict where the point cannot be written, because of a lease for example.</exception>
    public async Task<RecordOutcome> RecordAsync(PointVerification verification, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(verification);
        BlockBlobClient applied = vault.Replica.GetBlockBlobClient(VaultNames.Applied);
        await using LeaseSet leases = new(holder, leaseDuration, account.TimeProvider, logger);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leases.Lost);
        try
        {
            if (!await leases.TryAcquireAsync(applied, linked.Token))
                return RecordOutcome.LeaseHeld;

            DateTimeOffset now = account.StorageNow();
            if (!await RecordPointAsync(verification, now, linked.Token))
                return RecordOutcome.PointGone;

            DocumentBlob<AppliedDocument> document = new(applied);
            if (await document.ReadAsync(linked.Token) is not { } standing)
                return RecordOutcome.PointGone;

            AppliedDocument after = Judge(standing.Document.Value, verification, now);
            if (after != standing.Document.Value)
                await document.ReplaceLeasedAsync(after, standing.Document.ETag, leases.IdOf(applied), linked.Token);
            return RecordOutcome.Recorded;
        }
        catch (OperationCanceledException) when (leases.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return RecordOutcome.LeaseHeld; // LeaseSet has logged the loss.
        }
    }

    /// <summary>What a verification says of the replica: an older point than the one known says nothing new.</summary>
    internal static AppliedDocument Judge(AppliedDocument applied, PointVerification verification, DateTimeOffset now)
    {
        RecoveryPointDocument point = verification.Point;
        PointSummary summary = new(point.Epoch, point.Sequence, point.Instant, point.Consistency);
        if (verification.IsWhole)
        {
            bool isNewer = applied.Verified is null || Place(applied.Verified.Point).CompareTo(Place(summary)) <= 0;
            bool isMended = applied.ReplicaDamage is { } damage && Place(damage.Point).CompareTo(Place(summary)) < 0;
            return applied with
            {
                Verified = isNewer ? new VerifiedRecord(now, summary) : applied.Verified,
                ReplicaDamage = isMended ? null : applied.ReplicaDamage,
            };
        }

        bool isOfReplica = applied.Verified is null || Place(applied.Verified.Point).CompareTo(Place(summary)) <= 0;
        (int disk, long offset) = FirstBad(verification);
        return applied with
        {
            Verified = applied.Verified?.Point == summary ? null : applied.Verified,
            ReplicaDamage = isOfReplica ? new ReplicaDamageRecord(now, summary, disk, offset, verification.BadBlocks) : applied.ReplicaDamage,
        };
    }

    private Task<bool> RecordPointAsync(PointVerification verification, DateTimeOffset now, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = vault.Replica.GetBlockBlobClient(VaultNames.Point(verification.Point.Epoch, verification.Point.Sequence));
        DocumentBlob<RecoveryPointDocument> document = new(blob, emptyIsAbsent: true, PointIndex.Describe);
        (int disk, long offset) = FirstBad(verification);
        return document.ChangeAsync(
            standing => standing is null || standing.SetSha256 != verification.Point.SetSha256 ? null : standing with
            {
                VerifiedAt = verification.IsWhole ? now : null,
                Damage = verification.IsWhole ? null : new PointDamageRecord(now, disk, offset, verification.BadBlocks),
            },
            cancellationToken);
    }

    private static (long, long) Place(PointSummary point) => (point.Epoch, point.Sequence);

    /// <summary>The first bad block; of a disk that is damaged behind its end alone, its start.</summary>
    private static (int Disk, long OffsetBytes) FirstBad(PointVerification verification)
    {
        DiskVerification? bad = verification.Disks.OrderBy(disk => disk.Index).FirstOrDefault(disk => !disk.IsWhole);
        return (bad?.Index ?? 0, bad?.BadRanges is [var first, ..] ? first.OffsetBytes : 0);
    }
}
