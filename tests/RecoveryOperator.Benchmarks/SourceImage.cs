using Microsoft.Win32.SafeHandles;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks;

/// <summary>A disk image in a file, of which half of each block can be compressed away.</summary>
internal sealed class SourceImage(string path) : IBlockReader, IDisposable
{
    private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.Asynchronous);

    public long SizeBytes => RandomAccess.GetLength(_file);

    public static void Create(string path, long sizeBytes, int seed)
    {
        byte[] chunk = new byte[1024 * 1024];
        Random random = new(seed);
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (long offset = 0; offset < sizeBytes; offset += chunk.Length)
        {
            for (int block = 0; block < chunk.Length; block += BlockSize.Bytes)
            {
                random.NextBytes(chunk.AsSpan(block, BlockSize.Bytes / 2));
                chunk.AsSpan(block + (BlockSize.Bytes / 2), BlockSize.Bytes / 2).Fill((byte)random.Next(1, 256));
            }

            file.Write(chunk);
        }
    }

    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            int read = await RandomAccess.ReadAsync(_file, buffer, offsetBytes, cancellationToken);
            if (read == 0)
                throw new EndOfStreamException($"The image '{path}' ends at {offsetBytes}.");
            buffer = buffer[read..];
            offsetBytes += read;
        }
    }

    public void Dispose() => _file.Dispose();
}
