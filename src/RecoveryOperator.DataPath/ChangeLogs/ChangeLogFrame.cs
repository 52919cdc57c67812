namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>A record as it is stored: its checksum was verified, its content is not decompressed yet.</summary>
/// <param name="Kind">Data or zero.</param>
/// <param name="Codec">How <paramref name="Data"/> is stored.</param>
/// <param name="Range">The range of the disk.</param>
/// <param name="Checksums">XXH128 of each block of the content, 16 bytes each; empty for zeros, and where the reader has no key.</param>
/// <param name="Data">The stored data, decrypted, only valid until the next record is read; empty for zeros, and where the reader has no key.</param>
/// <param name="OffsetBytes">Where the record begins in the segment.</param>
public readonly record struct ChangeLogFrame(
    ChangeLogRecordKind Kind,
    ChangeLogCodec Codec,
    Extent Range,
    ReadOnlyMemory<byte> Checksums,
    ReadOnlyMemory<byte> Data,
    long OffsetBytes);
