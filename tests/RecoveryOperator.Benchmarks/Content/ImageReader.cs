using Microsoft.Win32.SafeHandles;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks.Content;

/// <summary>Reads an image.</summary>
internal sealed class ImageReader(string path) : IBlockReader, IDisposable
{
    private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.Asynchronous);

    public long SizeBytes => RandomAccess.GetLength(_file);

    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        for (int done = 0; done < buffer.Length;)
        {
            int read = await RandomAccess.ReadAsync(_file, buffer[done..], offsetBytes + done, cancellationToken);
            done += read > 0 ? read : throw new EndOfStreamException($"The image '{path}' ends at {offsetBytes + done}.");
        }
    }

    public void Dispose() => _file.Dispose();
}
