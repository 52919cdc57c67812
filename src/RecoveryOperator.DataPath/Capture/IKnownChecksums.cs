namespace RecoveryOperator.DataPath.Capture;

/// <summary>
/// The checksums of what a copy of the disk holds already. Reads may be issued concurrently, and mostly come in the order of the offsets.
/// </summary>
public interface IKnownChecksums
{
    /// <summary>
    /// Fills <paramref name="checksums"/> with those of the blocks from <paramref name="offsetBytes"/> on, 16 bytes each. Sixteen zero bytes stand for
    /// a block of zeros, also where the copy is shorter than the disk.
    /// </summary>
    /// <param name="offsetBytes">A multiple of 64 KiB.</param>
    /// <param name="checksums">A multiple of 16 bytes.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    ValueTask ReadAsync(long offsetBytes, Memory<byte> checksums, CancellationToken cancellationToken);
}
