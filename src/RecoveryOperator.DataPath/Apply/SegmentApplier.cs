using System.Buffers;
using RecoveryOperator.DataPath.ChangeLogs;

namespace RecoveryOperator.DataPath.Apply;

/// <summary>
/// Applies segments to a replica disk. The whole segment is verified before the first write; adjacent data becomes writes of up to
/// 4 MiB. Holds one pooled buffer of 4 MiB for each call. Applying a segment again changes nothing, so a call that was cut off is repeated.
/// </summary>
/// <param name="pool">Buffers of 4 MiB; the shared pool when null.</param>
public sealed class SegmentApplier(ArrayPool<byte>? pool = null)
{
    private readonly ArrayPool<byte> _pool = pool ?? ArrayPool<byte>.Shared;

    /// <summary>Applies one segment.</summary>
    /// <param name="segment">The segment, whole.</param>
    /// <param name="expected">Which segment it must be.</param>
    /// <param name="disk">The replica disk, at least as large as the header's disk size.</param>
    /// <param name="cancellationToken">Stops between two writes.</param>
    /// <exception cref="ChangeLogDamageException">The segment is damaged. Damage by which record checksums, structure or identity are
    /// violated is found before anything is written; only what a faulty writer sealed as sound can be found later.</exception>
    public async Task<AppliedSegment> ApplyAsync(
        ReadOnlyMemory<byte> segment, SegmentIdentity expected, IReplicaDisk disk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(disk);
        SegmentHeader header = Verify(segment, expected);

        using FrameDecoder decoder = new(expected);
        using ReplicaBatch batch = new(disk, _pool);
        ChangeLogFrameReader frames = new(segment, expected);
        long written = 0, cleared = 0, records = 0;
        while (frames.TryRead(out ChangeLogFrame frame))
        {
            records++;
            if (frame.Kind == ChangeLogRecordKind.Zero)
            {
                await batch.ClearAsync(frame.Range, cancellationToken);
                cleared += frame.Range.LengthBytes;
                continue;
            }

            Memory<byte> room = await batch.MakeRoomAsync(frame.Range, cancellationToken);
            decoder.Decode(frame, room.Span);
            batch.Add(frame.Range, frame.Checksums.Span);
            written += frame.Range.LengthBytes;
        }

        await batch.FlushAsync(cancellationToken);
        return new AppliedSegment(header.DiskSizeBytes, written, cleared, records);
    }

    /// <summary>Verifies a segment's identity, structure and record checksums to its end, without decompressing it.</summary>
    /// <exception cref="ChangeLogDamageException">The segment is damaged.</exception>
    public static SegmentHeader Verify(ReadOnlyMemory<byte> segment, SegmentIdentity expected)
    {
        ChangeLogFrameReader frames = new(segment, expected);
        while (frames.TryRead(out _))
        {
        }

        return frames.Header;
    }
}
