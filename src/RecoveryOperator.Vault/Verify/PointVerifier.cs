using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Verify;

/// <summary>
/// Reads all of a recovery point and compares it with the checksums of what the source read (docs/formats/vault-layout.md, "Verifying, and what a difference means"). The one engine of the
/// commands <c>verify</c> and <c>restore</c>, of the scrub and of the operation. Needs read access alone.
/// </summary>
public sealed class PointVerifier(ProtectionVault vault, VerifyOptions options)
{
    /// <summary>Verifies a point.</summary>
    /// <param name="point">The point.</param>
    /// <param name="sinkOf">Where a disk's content goes while it is verified; null for nowhere.</param>
    /// <param name="progress">Told as it goes, from several threads.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="VaultException">The storage refused. NotFound: a snapshot of the point is gone.</exception>
    public async Task<PointVerification> RunAsync(
        RecoveryPointDocument point, Func<PointDisk, IBlockSink?>? sinkOf, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken) =>
        await RunAsync(point, null, sinkOf, progress, null, cancellationToken);

    /// <summary>Goes on behind a position that an earlier run of the same point reached; what that run found is given back with the rest.</summary>
    internal async Task<PointVerification> RunAsync(
        RecoveryPointDocument point,
        ResumedVerification? resumed,
        Func<PointDisk, IBlockSink?>? sinkOf,
        IProgress<VerifyProgress>? progress,
        Func<VerifyPosition, IReadOnlyList<DiskVerification>, Task>? reached,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(point);
        List<DiskVerification> done = [.. resumed?.Disks ?? []];
        PointDisk[] rest = [.. point.Disks.OrderBy(disk => disk.Index).Where(disk => resumed is null || disk.Index >= resumed.Position.Disk)];
        VerifyMeter meter = new(progress, await MeasureAsync(rest, resumed?.Position, progress is not null, cancellationToken), done.Sum(disk => disk.BadBlocks));
        foreach (PointDisk disk in rest)
        {
            DiskVerification? begun = done.Find(candidate => candidate.Index == disk.Index);
            DiskVerifier verifier = new(vault, disk, options, sinkOf?.Invoke(disk), (bytes, bad) => meter.Add(disk.Index, bytes, bad));
            long from = FromOf(disk, resumed?.Position);
            DiskVerification found = Join(begun, await verifier.RunAsync(from, ReachedAsync, cancellationToken));
            done.RemoveAll(candidate => candidate.Index == disk.Index);
            done.Add(found);

            async Task ReachedAsync(long offsetBytes, DiskVerification soFar)
            {
                if (reached is not null)
                    await reached(new VerifyPosition(disk.Index, offsetBytes), [.. done.Where(other => other.Index != disk.Index), Join(begun, soFar)]);
            }
        }

        return new PointVerification(point, done);
    }

    /// <summary>Bytes of allocated pages of all disks of a point: what a restore writes at most, besides a little of its own.</summary>
    public Task<long> MeasureAsync(RecoveryPointDocument point, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(point);
        return MeasureAsync(point.Disks, null, true, cancellationToken);
    }

    private async Task<long> MeasureAsync(IEnumerable<PointDisk> disks, VerifyPosition? from, bool isAsked, CancellationToken cancellationToken)
    {
        long total = 0;
        foreach (PointDisk disk in isAsked ? disks : [])
            total += await new DiskVerifier(vault, disk, options, null, (_, _) => { }).MeasureAsync(FromOf(disk, from), cancellationToken);
        return total;
    }

    private static long FromOf(PointDisk disk, VerifyPosition? from) => from?.Disk == disk.Index ? from.OffsetBytes : 0;

    private static DiskVerification Join(DiskVerification? before, DiskVerification now) => before is null ? now : now with
    {
        ReadBytes = before.ReadBytes + now.ReadBytes,
        BadBlocks = before.BadBlocks + now.BadBlocks,
        BadRanges = [.. before.BadRanges.Concat(now.BadRanges).Take(DiskVerification.MaxBadRanges)],
    };
}

/// <summary>What an earlier run of a verification reached.</summary>
/// <param name="Position">Up to where all is compared.</param>
/// <param name="Disks">What it found so far.</param>
internal sealed record ResumedVerification(VerifyPosition Position, IReadOnlyList<DiskVerification> Disks);
