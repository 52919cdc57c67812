using RecoveryOperator.DataPath.Checksums;
using ZstdSharp;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>Turns a frame's stored data into the content of its range and compares it with the blocks' checksums.</summary>
internal sealed class FrameDecoder(SegmentIdentity expected) : IDisposable
{
    private readonly Decompressor _decompressor = new();

    /// <summary>Fills <paramref name="destination"/>, which is as long as the frame's range.</summary>
    /// <exception cref="ChangeLogDamageException">The data is not what its record says.</exception>
    public void Decode(in ChangeLogFrame frame, Span<byte> destination)
    {
        if (frame.Codec == ChangeLogCodec.Stored)
            frame.Data.Span.CopyTo(destination);
        else
            Decompress(frame, destination);

        Check(frame, destination);
    }

    /// <summary>Compares content with the frame's checksums.</summary>
    /// <exception cref="ChangeLogDamageException">A block is another.</exception>
    public void Check(in ChangeLogFrame frame, ReadOnlySpan<byte> content)
    {
        int block = BlockChecksum.FindMismatch(content, frame.Checksums.Span);
        if (block >= 0)
            throw Damage(
                ChangeLogDamageReason.Checksum,
                frame,
                $"block {block} of the record at disk offset {frame.Range.OffsetBytes} is not what the source read");
    }

    /// <inheritdoc/>
    public void Dispose() => _decompressor.Dispose();

    private void Decompress(in ChangeLogFrame frame, Span<byte> destination)
    {
        int length;
        try
        {
            length = _decompressor.Unwrap(frame.Data.Span, destination);
        }
        catch (ZstdException fault)
        {
            throw Damage(ChangeLogDamageReason.Format, frame, $"the record's data cannot be decompressed ({fault.Message})");
        }

        if (length != destination.Length)
            throw Damage(ChangeLogDamageReason.Format, frame, $"the record's data decompresses to {length} bytes, not {destination.Length}");
    }

    private ChangeLogDamageException Damage(ChangeLogDamageReason reason, in ChangeLogFrame frame, string finding) =>
        new(reason, expected, frame.OffsetBytes, finding);
}
