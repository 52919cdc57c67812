using System.Buffers;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A pool that knows how much of it is out, and scribbles over what comes back, so that a use after the return shows.</summary>
public sealed class CountingPool : ArrayPool<byte>
{
    private readonly Lock _lock = new();
    private readonly HashSet<byte[]> _out = new(ReferenceEqualityComparer.Instance);
    private long _outBytes;

    public int OutCount
    {
        get
        {
            lock (_lock)
                return _out.Count;
        }
    }

    public long MostOutBytes { get; private set; }

    public override byte[] Rent(int minimumLength)
    {
        byte[] array = new byte[minimumLength];
        Array.Fill(array, (byte)0xA5);
        lock (_lock)
        {
            _out.Add(array);
            _outBytes += array.Length;
            MostOutBytes = Math.Max(MostOutBytes, _outBytes);
        }

        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        lock (_lock)
        {
            Assert.True(_out.Remove(array), "A buffer was returned that is not out.");
            _outBytes -= array.Length;
        }

        Array.Fill(array, (byte)0x5A);
    }
}
