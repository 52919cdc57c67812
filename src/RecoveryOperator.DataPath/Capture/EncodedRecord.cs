using RecoveryOperator.DataPath.ChangeLogs;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>A run of blocks of one chunk, ready to be written.</summary>
/// <param name="Range">The run.</param>
/// <param name="Codec">How <paramref name="Data"/> is stored.</param>
/// <param name="Checksums">Checksums of the run's blocks; empty when all of them are zero.</param>
/// <param name="Data">The stored data, in one of the chunk's buffers; empty when all blocks are zero.</param>
internal readonly record struct EncodedRecord(Extent Range, ChangeLogCodec Codec, ReadOnlyMemory<byte> Checksums, ReadOnlyMemory<byte> Data)
{
    public bool IsZero => Checksums.IsEmpty;
}
