namespace RecoveryOperator.DataPath;

/// <summary>
/// A replica disk that change logs are applied to. Calls are idempotent: writing the same content twice is harmless. Calls come one
/// after the other, unless <see cref="Apply.SegmentApplier"/> was told to keep several writes in flight: then several
/// <see cref="WriteAsync"/> may be under way at once, also beside another call, for ranges that do not overlap.
/// </summary>
public interface IReplicaDisk
{
    /// <summary>Writes content; <paramref name="offsetBytes"/> is a multiple of 64 KiB.</summary>
    ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Makes a range read as zeros.</summary>
    ValueTask ClearAsync(Extent range, CancellationToken cancellationToken);

    /// <summary>
    /// Takes note of the checksums of the blocks from <paramref name="offsetBytes"/> on, 16 bytes each, as the source read them;
    /// sixteen zero bytes mean a block of zeros.
    /// </summary>
    ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken);
}
