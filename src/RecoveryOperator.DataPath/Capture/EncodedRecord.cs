using RecoveryOperator.DataPath.ChangeLogs;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>A run of blocks of one chunk, ready to be written.</summary>
/// <param name="Range">The run.</param>
/// <param name="Content">What its blocks are.</param>
/// <param name="Codec">How <paramref name="Data"/> is stored.</param>
/// <param name="Checksums">Checksums of the run's blocks; empty when they are not recorded with content.</param>
/// <param name="Data">The stored data, in one of the chunk's buffers; empty when there is none.</param>
internal readonly record struct EncodedRecord(
    Extent Range, BlockContent Content, ChangeLogCodec Codec, ReadOnlyMemory<byte> Checksums, ReadOnlyMemory<byte> Data);

/// <summary>What becomes of a block.</summary>
internal enum BlockContent
{
    /// <summary>Recorded with its content.</summary>
    Data,

    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The copy holds it already: not recorded.</summary>
    Known,
}
