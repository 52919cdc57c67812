using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Replica.Rollback;

/// <summary>
/// What a set that was not applied to its end may have written: the extents of its segments. What cannot be read any more may have covered anything, except
/// for what the set's first try refused: of that not a byte was written.
/// </summary>
internal sealed class HalfAppliedExtents(ProtectionVault vault, HalfAppliedSet half)
{
    private readonly SegmentSource _source = new(vault.Log);
    private SetManifest? _manifest;
    private bool _isRead;

    /// <summary>Size of a disk in the set; null when it does not have it, or cannot be read.</summary>
    public async Task<long?> SizeOfAsync(int disk, CancellationToken cancellationToken) => (await FindAsync(disk, cancellationToken))?.SizeBytes;

    /// <summary>Takes in what the set may have written to a disk.</summary>
    public async Task AddToAsync(BlockSet blocks, int disk, CancellationToken cancellationToken)
    {
        SetDisk? found = await FindAsync(disk, cancellationToken);
        if (_manifest is null)
        {
            blocks.AddFrom(0);
            return;
        }

        if (found is null)
            return;

        byte[] buffer = SegmentBuffers.Rent(ChangeLogConstants.MaxSegmentLengthBytes);
        try
        {
            await AddBaseAsync(blocks, found, buffer, cancellationToken);
            foreach (SegmentRecord segment in found.Segments)
                await AddAsync(blocks, disk, segment, half.Sequence, buffer, cancellationToken);
        }
        finally
        {
            SegmentBuffers.Return(buffer);
        }
    }

    private async Task AddBaseAsync(BlockSet blocks, SetDisk disk, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (IReadOnlyList<SegmentRecord> part in BaseSegments.ReadAsync(vault.Log, _manifest!, disk, cancellationToken))
            {
                foreach (SegmentRecord segment in part)
                    await AddAsync(blocks, disk.Index, segment, 0, buffer, cancellationToken);
            }
        }
        catch (SetDamageException unreadable)
        {
            // Nothing of a list that was refused was written, nor of what comes behind it.
            if (!WasRefused(unreadable.Blob))
                blocks.AddFrom(0);
        }
    }

    private async Task AddAsync(BlockSet blocks, int disk, SegmentRecord segment, long sequence, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            ReadOnlyMemory<byte> content = await _source.ReadAsync(segment, buffer, cancellationToken);
            ChangeLogFrameReader frames = new(content, new SegmentIdentity(vault.Id, half.Epoch, sequence, segment.Attempt, disk, segment.Segment));
            while (frames.TryRead(out ChangeLogFrame frame))
                blocks.Add(frame.Range);
        }
        catch (Exception fault) when (fault is SetDamageException or ChangeLogDamageException)
        {
            if (!WasRefused(segment.Blob))
                blocks.AddFrom(0);
        }
    }

    /// <summary>An earlier try may have found it whole, and written it.</summary>
    private bool WasRefused(string blob) => !half.Retried && half.RefusedBlob == blob;

    private async Task<SetDisk?> FindAsync(int disk, CancellationToken cancellationToken)
    {
        if (!_isRead)
            _manifest = await ReadAsync(cancellationToken);

        _isRead = true;
        return _manifest?.Disks.FirstOrDefault(candidate => candidate.Index == disk);
    }

    private async Task<SetManifest?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            StoredSet? set = await vault.ReadSetAsync(half.Epoch, half.Sequence, cancellationToken);
            return set?.Manifest is { Kind: SetKind.Set } manifest ? manifest : null;
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged)
        {
            return null; // The damage is recorded already; all of every disk counts.
        }
    }
}
