namespace RecoveryOperator.Vault.Verify;

/// <summary>Takes a disk's content as it is verified: whole blocks, in any order, several at once. Blocks of zeros are left out: what is not written reads as zeros.</summary>
public interface IBlockSink
{
    /// <summary>Takes a run of blocks. The content is the caller's again once the task ends.</summary>
    /// <param name="offsetBytes">Offset on the disk, a multiple of 65536.</param>
    /// <param name="content">The blocks; the disk's last one may be shorter.</param>
    /// <param name="cancellationToken">Cancels.</param>
    ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Takes the footer of the fixed VHD, as it stands in the vault, once all blocks are taken.</summary>
    ValueTask WriteFooterAsync(ReadOnlyMemory<byte> footer, CancellationToken cancellationToken);
}
