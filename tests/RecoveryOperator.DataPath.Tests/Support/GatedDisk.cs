namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A replica whose writes wait for a gate, and that counts the writes under way.</summary>
public sealed class GatedDisk(MemoryDisk inner) : IReplicaDisk
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private int _underWay;

    public MemoryDisk Inner => inner;

    public int UnderWay => Volatile.Read(ref _underWay);

    public int MostUnderWay { get; private set; }

    public void Open() => _gate.SetResult();

    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        lock (_lock)
            MostUnderWay = Math.Max(MostUnderWay, ++_underWay);
        await _gate.Task.WaitAsync(cancellationToken);
        lock (_lock)
        {
            _underWay--;
            content.Span.CopyTo(inner.Content.AsSpan((int)offsetBytes));
        }
    }

    public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken) => inner.ClearAsync(range, cancellationToken);

    public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken) =>
        inner.SetChecksumsAsync(offsetBytes, checksums, cancellationToken);
}
