namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A replica of any size that only counts.</summary>
public sealed class TallyDisk : IReplicaDisk
{
    public List<Extent> Clears { get; } = [];

    public long Checksums { get; private set; }

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => default;

    public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken)
    {
        Clears.Add(range);
        return default;
    }

    public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken)
    {
        Checksums += checksums.Length / 16;
        return default;
    }
}
