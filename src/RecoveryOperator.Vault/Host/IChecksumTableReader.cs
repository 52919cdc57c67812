namespace RecoveryOperator.Vault.Host;

/// <summary>Reads a checksum table exactly as an answer named it. Reads may be issued concurrently; nothing is kept between them.</summary>
public interface IChecksumTableReader
{
    /// <summary>Most checksums that one read fetches: 4 MiB, which stand for 16 GiB of disk.</summary>
    const int MaxBlocksPerRead = 256 * 1024;

    /// <summary>Blocks of 64 KiB of the replica's disk; behind them it counts as zeros.</summary>
    long BlockCount { get; }

    /// <summary>
    /// Fills the buffer with the checksums, 16 bytes each, of the blocks from <paramref name="firstBlock"/> on, in one request. Sixteen zero bytes mean a block of
    /// zeros; so do blocks behind the disk's end.
    /// </summary>
    /// <param name="firstBlock">Block index, from 0.</param>
    /// <param name="checksums">A multiple of 16 bytes, at most <see cref="MaxBlocksPerRead"/> checksums.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="VaultException"><see cref="VaultFault.Changed"/> when the table is another than the answer named; others by their class.</exception>
    Task ReadAsync(long firstBlock, Memory<byte> checksums, CancellationToken cancellationToken);
}
