using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>A whole and undamaged checksum table, open for reading.</summary>
internal sealed class ChecksumTable : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private readonly SafeFileHandle file;

    private ChecksumTable(string path, SafeFileHandle file, ChecksumTableHeader header) =>
        (Path, this.file, Header) = (path, file, header);

    public string Path { get; }

    public ChecksumTableHeader Header { get; }

    /// <summary>Blocks that it has checksums for.</summary>
    public long BlockCount => BlockSums.Count(Header.Image.SizeBytes);

    /// <summary>Opens a table after reading all of it: a torn or damaged one is found here.</summary>
    /// <exception cref="InvalidDataException">It is torn or damaged.</exception>
    /// <exception cref="IOException">It is not there or cannot be read.</exception>
    public static ChecksumTable Open(string path)
    {
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            return new ChecksumTable(path, file, Verify(path, file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Copies the checksums from a block on; what lies beyond the table reads as zeros, as the disk did.
    /// </summary>
    public void Read(long firstBlock, Span<byte> sums)
    {
        var known = (int)Math.Clamp((BlockCount - firstBlock) * BlockSums.SumBytes, 0, sums.Length);
        sums[known..].Clear();
        ReadWhole(file, sums[..known], ChecksumTableHeader.LengthBytes + (firstBlock * BlockSums.SumBytes), Path);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static ChecksumTableHeader Verify(string path, SafeFileHandle file)
    {
        Span<byte> headerBytes = stackalloc byte[ChecksumTableHeader.LengthBytes];
        var lengthBytes = RandomAccess.GetLength(file);
        ChecksumTableHeader? header = null;
        if (lengthBytes >= ChecksumTableHeader.LengthBytes)
        {
            ReadWhole(file, headerBytes, 0, path);
            header = ChecksumTableHeader.Read(headerBytes);
        }

        var contentBytes = header is null
            ? 0
            : ChecksumTableHeader.LengthBytes + (BlockSums.Count(header.Image.SizeBytes) * BlockSums.SumBytes);
        if (header is null || lengthBytes != contentBytes + BlockSums.SumBytes)
        {
            throw new InvalidDataException($"'{path}' is not a whole checksum table ({lengthBytes} bytes).");
        }

        var hash = new XxHash128();
        var buffer = new byte[Math.Min(BufferBytes, contentBytes)];
        for (long offset = 0; offset < contentBytes;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, contentBytes - offset));
            ReadWhole(file, part, offset, path);
            hash.Append(part);
            offset += part.Length;
        }

        Span<byte> recorded = stackalloc byte[BlockSums.SumBytes];
        ReadWhole(file, recorded, contentBytes, path);
        return recorded.SequenceEqual(hash.GetCurrentHash())
            ? header
            : throw new InvalidDataException($"'{path}' is damaged: its checksum does not match its content.");
    }

    private static void ReadWhole(SafeFileHandle file, Span<byte> buffer, long offsetBytes, string path)
    {
        while (buffer.Length > 0)
        {
            var count = RandomAccess.Read(file, buffer, offsetBytes);
            if (count == 0)
            {
                throw new InvalidDataException($"'{path}' ends too early, at byte {offsetBytes}.");
            }

            buffer = buffer[count..];
            offsetBytes += count;
        }
    }
}
