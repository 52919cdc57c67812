using System.IO.Hashing;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>Writes a checksum table from its first block to its last.</summary>
internal sealed class ChecksumTableWriter : IDisposable
{
    private const int BufferBytes = 64 * 1024;
    private readonly FileStream file;
    private readonly XxHash128 hash = new();

    public ChecksumTableWriter(string path, ChecksumTableHeader header)
    {
        file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
        Span<byte> bytes = stackalloc byte[ChecksumTableHeader.LengthBytes];
        header.Write(bytes);
        Append(bytes);
    }

    /// <summary>Adds the checksums of the next blocks.</summary>
    public void Append(ReadOnlySpan<byte> sums)
    {
        hash.Append(sums);
        file.Write(sums);
    }

    /// <summary>Ends the table with the checksum of all of it, and makes its content durable.</summary>
    public void Complete()
    {
        file.Write(hash.GetCurrentHash());
        file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
