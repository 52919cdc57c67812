using System.Security.Cryptography;

namespace RecoveryOperator.DataPath.Spool;

/// <summary>Reads finished segments back and refuses those that changed.</summary>
public static class SpooledSegmentReader
{
    /// <summary>Reads a segment whole, and compares its length and SHA-256 with what was recorded when it was written.</summary>
    /// <param name="segment">The segment as recorded.</param>
    /// <param name="buffer">At least as long as the segment; <see cref="ChangeLogs.ChangeLogConstants.MaxSegmentLengthBytes"/> fits any.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The part of <paramref name="buffer"/> that the segment fills.</returns>
    /// <exception cref="SpoolDamageException">The file is missing, or is not what was written.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static async ValueTask<Memory<byte>> ReadVerifiedAsync(
        SpooledSegment segment, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(segment);
        if (buffer.Length < segment.LengthBytes)
            throw new ArgumentException(
                $"A buffer of {buffer.Length} bytes does not hold the segment '{segment.Path}' of {segment.LengthBytes} bytes.", nameof(buffer));

        Memory<byte> content = buffer[..(int)segment.LengthBytes];
        await FillAsync(segment, content, cancellationToken);
        string actual = Convert.ToHexStringLower(SHA256.HashData(content.Span));
        return actual == segment.Sha256 ? content
            : throw new SpoolDamageException(segment, $"its SHA-256 is {actual}, {segment.Sha256} was written");
    }

    private static async ValueTask FillAsync(SpooledSegment segment, Memory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream file = new(
                segment.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            if (file.Length != segment.LengthBytes)
                throw new SpoolDamageException(segment, $"it has {file.Length} bytes, {segment.LengthBytes} were written");

            await file.ReadExactlyAsync(content, cancellationToken);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SpoolDamageException(segment, "the file is missing");
        }
        catch (EndOfStreamException)
        {
            throw new SpoolDamageException(segment, $"it ends before {segment.LengthBytes} bytes");
        }
    }
}
