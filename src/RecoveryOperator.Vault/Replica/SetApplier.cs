using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Writes the segments of one set to one disk after the other. The next segment is fetched while one is written: two buffers of 17 MiB. Segments of one attempt
/// touch no block twice (docs/formats/change-log.md), so the writes of one need not have ended when those of the next begin; between attempts they have.
/// </summary>
internal sealed class SetApplier(ProtectionVault vault, SetManifest set, ReplicaKeys keys, bool mustBeEncrypted, IProgress<ApplyProgress>? progress)
{
    private readonly SegmentSource _source = new(vault.Log);
    private readonly SegmentApplier _applier = new(keys: keys.Ring);
    private readonly long _totalBytes = set.Disks.Sum(BaseSegments.LengthBytes);

    /// <summary>Bytes of change logs applied.</summary>
    public long SegmentBytes { get; private set; }

    /// <summary>Writes a disk's segments and its checksums.</summary>
    /// <exception cref="SetDamageException">A segment is damaged.</exception>
    /// <exception cref="VaultException">KeyMissing: the key of a segment is not there. Nothing of that segment was written.</exception>
    public async Task ApplyAsync(SetDisk disk, PageBlobReplicaDisk replica, CancellationToken cancellationToken)
    {
        await foreach (IReadOnlyList<SegmentRecord> part in BaseSegments.ReadAsync(vault.Log, set, disk, cancellationToken))
            await ApplyAsync(disk, part, 0, replica, cancellationToken);
        await ApplyAsync(disk, disk.Segments, set.Sequence, replica, cancellationToken);
        await replica.FlushAsync(cancellationToken);
    }

    private async Task ApplyAsync(SetDisk disk, IReadOnlyList<SegmentRecord> segments, long sequence, PageBlobReplicaDisk replica, CancellationToken cancellationToken)
    {
        await replica.DrainAsync();
        byte[][] buffers = [.. segments.Take(2).Select(_ => SegmentBuffers.Rent(ChangeLogConstants.MaxSegmentLengthBytes))];
        Task<ReadOnlyMemory<byte>>? fetch = null;
        try
        {
            for (int index = 0; index < segments.Count; index++)
            {
                ReadOnlyMemory<byte> content = await (fetch ?? _source.ReadAsync(segments[index], buffers[0], cancellationToken));
                fetch = index + 1 < segments.Count ? _source.ReadAsync(segments[index + 1], buffers[(index + 1) % 2], cancellationToken) : null;
                if (index > 0 && segments[index].Attempt != segments[index - 1].Attempt)
                    await replica.DrainAsync();
                await ApplyAsync(disk, segments[index], sequence, content, replica, cancellationToken);
            }
        }
        finally
        {
            if (fetch is not null)
                await ((Task)fetch).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (byte[] buffer in buffers)
                SegmentBuffers.Return(buffer);
        }
    }

    private async Task ApplyAsync(
        SetDisk disk, SegmentRecord segment, long sequence, ReadOnlyMemory<byte> content, PageBlobReplicaDisk replica, CancellationToken cancellationToken)
    {
        SegmentIdentity identity = new(vault.Id, set.Epoch, sequence, segment.Attempt, disk.Index, segment.Segment);
        try
        {
            SegmentHeader header = SegmentHeader.Read(content.Span, identity);
            if (header.DiskSizeBytes > disk.SizeBytes)
                throw new SetDamageException(segment.Blob, $"it is of a disk of {header.DiskSizeBytes} bytes, its set says {disk.SizeBytes}");
            if (header.Encryption is not null && set.DataKeys is null)
                throw new SetDamageException(segment.Blob, "it is encrypted, its set says that it is not");
            if (mustBeEncrypted && header.Encryption is null)
                throw new SetDamageException(segment.Blob, "it is in the clear, although sets before it are encrypted: its host did not write it, or lost its key");

            await _applier.ApplyAsync(content, identity, replica, cancellationToken);
        }
        catch (ChangeLogDamageException fault)
        {
            throw new SetDamageException(segment.Blob, fault.Message, fault);
        }
        catch (DataKeyMissingException missing)
        {
            throw keys.Missing(missing.Wanted);
        }

        SegmentBytes += segment.LengthBytes;
        progress?.Report(new ApplyProgress(ApplyStage.Apply, set.Epoch, set.Sequence, SegmentBytes, _totalBytes));
    }
}
