namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A replica that fails when it is called while another call is under way.</summary>
public sealed class OneAtATimeDisk : IReplicaDisk
{
    private int _underWay;

    public List<string> Calls { get; } = [];

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => CallAsync("write");

    public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken) => CallAsync("clear");

    public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken) =>
        CallAsync("checksums");

    private async ValueTask CallAsync(string name)
    {
        Assert.Equal(1, Interlocked.Increment(ref _underWay));
        Calls.Add(name);
        for (int turn = 0; turn < 10; turn++)
            await Task.Yield();
        Interlocked.Decrement(ref _underWay);
    }
}
