using Microsoft.Win32.SafeHandles;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks;

/// <summary>A replica disk in a new file.</summary>
internal sealed class FileReplica(string path, long sizeBytes) : IReplicaDisk, IDisposable
{
    private readonly SafeFileHandle _file = Create(path, sizeBytes);

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        RandomAccess.WriteAsync(_file, content, offsetBytes, cancellationToken);

    public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The benchmark's image has no blocks of zeros.");

    public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken) => default;

    public void Dispose() => _file.Dispose();

    private static SafeFileHandle Create(string path, long sizeBytes)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
        RandomAccess.SetLength(file, sizeBytes);
        return file;
    }
}
