using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Benchmarks.SimulatedHost;

/// <summary>The image as it is, and what the tracker was told. Nobody writes to it meanwhile.</summary>
internal sealed class SimulatedSnapshot(VirtualMachine machine, string imagePath, IReadOnlyList<Extent> changed) : IMachineSnapshot
{
    private readonly SimulatedDisk _disk = new(imagePath, machine.Definition.Disks[0].SizeBytes, changed);

    public DateTimeOffset Instant { get; } = DateTimeOffset.UtcNow;

    public VirtualMachine Machine => machine;

    public IReadOnlyList<ISnapshotDisk> Disks => [_disk];

    public bool ShouldEndSoon => false;

    public Task VerifyIntactAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _disk.Dispose();
        return default;
    }

    private sealed class SimulatedDisk(string path, long sizeBytes, IReadOnlyList<Extent> changed) : ISnapshotDisk, IDisposable
    {
        private readonly Lazy<SafeFileHandle> _file = new(() => File.OpenHandle(path, options: FileOptions.Asynchronous));
        private long _bytesRead;

        public int Index => 0;

        public string Target => "vda";

        public long SizeBytes => sizeBytes;

        public long BytesRead => Interlocked.Read(ref _bytesRead);

        public async IAsyncEnumerable<Extent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            foreach (Extent extent in changed)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return extent;
            }
        }

        public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            for (int done = 0; done < buffer.Length;)
            {
                int read = await RandomAccess.ReadAsync(_file.Value, buffer[done..], offsetBytes + done, cancellationToken);
                done += read > 0 ? read : throw new EndOfStreamException($"The image '{path}' ends at {offsetBytes + done}.");
            }

            Interlocked.Add(ref _bytesRead, buffer.Length);
        }

        public void Dispose()
        {
            if (_file.IsValueCreated)
                _file.Value.Dispose();
        }
    }
}
