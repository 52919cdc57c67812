using System.Buffers;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;

namespace RecoveryOperator.DataPath.Apply;

/// <summary>
/// Applies segments to a replica disk. The whole segment is verified before the first write; adjacent data becomes writes of up to
/// 4 MiB, some of them in flight at once. Holds writesInFlight pooled buffers of 4 MiB during a call. Applying a segment again
/// changes nothing, so a call that was cut off is repeated.
/// </summary>
/// <param name="pool">Buffers of 4 MiB; the shared pool when null.</param>
/// <param name="writesInFlight">Most writes under way at once; memory: 4 MiB for each. With 1, the default, calls to the disk come one
/// after the other: right for a disk that queues by itself. More are for a disk that can be written to concurrently.</param>
/// <param name="keys">The keys for encrypted segments; none when null. Such a segment costs one more pooled buffer of a record's size.</param>
public sealed class SegmentApplier(ArrayPool<byte>? pool = null, int writesInFlight = 1, IDataKeys? keys = null)
{
    private readonly ArrayPool<byte> _pool = pool ?? ArrayPool<byte>.Shared;
    private readonly IDataKeys _keys = keys ?? DataKeyRing.Empty;
    private readonly int _writesInFlight = writesInFlight >= 1
        ? writesInFlight
        : throw new ArgumentOutOfRangeException(nameof(writesInFlight), writesInFlight, "At least one write must be in flight.");

    /// <summary>Applies one segment.</summary>
    /// <param name="segment">The segment, whole.</param>
    /// <param name="expected">Which segment it must be.</param>
    /// <param name="disk">The replica disk, at least as large as the header's disk size.</param>
    /// <param name="cancellationToken">Stops between two writes.</param>
    /// <exception cref="ChangeLogDamageException">The segment is damaged. Damage by which record checksums, structure or identity are
    /// violated is found before anything is written, and so is a record that is not authentic; only what a faulty writer sealed as sound can be found later.</exception>
    /// <exception cref="DataKeyMissingException">The segment is encrypted, and its key is not there. Nothing was written.</exception>
    public async Task<AppliedSegment> ApplyAsync(
        ReadOnlyMemory<byte> segment, SegmentIdentity expected, IReplicaDisk disk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(disk);
        SegmentHeader header = Verify(segment, expected, _keys, _pool);

        using FrameDecoder decoder = new(expected);
        await using ReplicaWriter writer = new(disk, _pool, _writesInFlight);
        using ChangeLogFrameReader frames = new(segment, expected, _keys, _pool);
        long written = 0, cleared = 0, records = 0;
        for (; frames.TryRead(out ChangeLogFrame frame); records++)
        {
            if (frame.Kind == ChangeLogRecordKind.Zero)
            {
                await writer.ClearAsync(frame.Range, cancellationToken);
                cleared += frame.Range.LengthBytes;
                continue;
            }

            WriteBatch batch = await writer.BatchForAsync(frame.Range, cancellationToken);
            decoder.Decode(frame, batch.Room(frame.Range));
            batch.Add(frame.Range, frame.Checksums.Span);
            written += frame.Range.LengthBytes;
        }

        await writer.FlushAsync(cancellationToken);
        return new AppliedSegment(header.DiskSizeBytes, written, cleared, records);
    }

    /// <summary>Verifies a segment's identity, structure and record checksums to its end, without decompressing it; needs no key.</summary>
    /// <exception cref="ChangeLogDamageException">The segment is damaged.</exception>
    public static SegmentHeader Verify(ReadOnlyMemory<byte> segment, SegmentIdentity expected) => Verify(segment, expected, null, null);

    private static SegmentHeader Verify(ReadOnlyMemory<byte> segment, SegmentIdentity expected, IDataKeys? keys, ArrayPool<byte>? pool)
    {
        using ChangeLogFrameReader frames = new(segment, expected, keys, pool);
        while (frames.TryRead(out _))
        {
        }

        return frames.Header;
    }
}
