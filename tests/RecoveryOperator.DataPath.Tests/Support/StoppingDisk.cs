namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A replica whose calls fail after a number of them.</summary>
public sealed class StoppingDisk(IReplicaDisk inner, int calls) : IReplicaDisk
{
    private int _left = calls;

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Spend();
        return inner.WriteAsync(offsetBytes, content, cancellationToken);
    }

    public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken)
    {
        Spend();
        return inner.ClearAsync(range, cancellationToken);
    }

    public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken)
    {
        Spend();
        return inner.SetChecksumsAsync(offsetBytes, checksums, cancellationToken);
    }

    private void Spend()
    {
        if (_left-- == 0)
            throw new IOException("The vault is unreachable.");
    }
}
