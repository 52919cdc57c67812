using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Replica.Rollback;

/// <summary>A disk as a point holds it: its snapshot and its table's.</summary>
internal sealed class PointContent(ProtectionVault vault, PointDisk disk)
{
    private readonly PageBlobClient _content = vault.Replica.GetPageBlobClient(disk.Blob).WithSnapshot(disk.Snapshot);
    private readonly PageBlobClient _sums = vault.Log.GetPageBlobClient(VaultNames.Sums(disk.Index)).WithSnapshot(disk.SumsSnapshot);

    /// <summary>Fills a buffer with checksums from an offset within the table on.</summary>
    public Task ReadSumsAsync(long tableOffsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
        BlobRange.ReadAsync(_sums, tableOffsetBytes, buffer, null, cancellationToken);

    /// <summary>The footer as the point has it.</summary>
    public async Task<byte[]> ReadFooterAsync(CancellationToken cancellationToken)
    {
        byte[] footer = new byte[FixedVhdFooter.LengthBytes];
        await BlobRange.ReadAsync(_content, FixedVhdFooter.OffsetOf(disk.SizeBytes), footer, null, cancellationToken);
        return footer;
    }

    /// <summary>Reads blocks and compares them with their checksums. A difference is looked at twice before it counts.</summary>
    /// <returns>Blocks that are not what the source read.</returns>
    public async Task<long> ReadBlocksAsync(long offsetBytes, Memory<byte> buffer, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken)
    {
        await BlobRange.ReadAsync(_content, offsetBytes, buffer, null, cancellationToken);
        if (CountBad(buffer.Span, checksums.Span) == 0)
            return 0;

        await BlobRange.ReadAsync(_content, offsetBytes, buffer, null, cancellationToken);
        return CountBad(buffer.Span, checksums.Span);
    }

    private static long CountBad(ReadOnlySpan<byte> content, ReadOnlySpan<byte> checksums)
    {
        Span<byte> actual = stackalloc byte[BlockChecksum.LengthBytes];
        long bad = 0;
        for (int block = 0; block * BlockSize.Bytes < content.Length; block++)
        {
            ReplicaChecksum.Compute(content.Slice(block * BlockSize.Bytes, Math.Min(BlockSize.Bytes, content.Length - (block * BlockSize.Bytes))), actual);
            if (!actual.SequenceEqual(checksums.Slice(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes)))
                bad++;
        }

        return bad;
    }
}
