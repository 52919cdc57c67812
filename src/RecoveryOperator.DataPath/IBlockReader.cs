namespace RecoveryOperator.DataPath;

/// <summary>
/// Reads a disk as it was at one instant. Reads may be issued concurrently; each fills its whole buffer or throws
/// <see cref="IOException"/>.
/// </summary>
public interface IBlockReader
{
    /// <summary>Size of the disk in bytes.</summary>
    long SizeBytes { get; }

    /// <summary>Fills <paramref name="buffer"/> with the disk's content from <paramref name="offsetBytes"/> on.</summary>
    ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken);
}
