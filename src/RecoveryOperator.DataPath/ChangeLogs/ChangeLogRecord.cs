namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>A verified record with its content.</summary>
/// <param name="Kind">Data or zero.</param>
/// <param name="Range">The range of the disk.</param>
/// <param name="Content">What the range holds, only valid until the next record is read; empty for zeros.</param>
/// <param name="Checksums">XXH128 of each block of the content, 16 bytes each; empty for zeros.</param>
public readonly record struct ChangeLogRecord(
    ChangeLogRecordKind Kind, Extent Range, ReadOnlyMemory<byte> Content, ReadOnlyMemory<byte> Checksums);
