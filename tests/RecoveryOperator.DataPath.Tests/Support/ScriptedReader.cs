namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A reader whose every read first runs a script, asynchronously, and that counts reads under way.</summary>
public sealed class ScriptedReader(IBlockReader inner, Func<long, CancellationToken, Task> beforeRead) : IBlockReader
{
    private int _underWay;
    private int _started;

    public long SizeBytes => inner.SizeBytes;

    public int UnderWay => Volatile.Read(ref _underWay);

    public int Started => Volatile.Read(ref _started);

    public int MostUnderWay { get; private set; }

    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _started);
        int underWay = Interlocked.Increment(ref _underWay);
        lock (inner)
            MostUnderWay = Math.Max(MostUnderWay, underWay);
        try
        {
            await beforeRead(offsetBytes, cancellationToken);
            await inner.ReadAsync(offsetBytes, buffer, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}
