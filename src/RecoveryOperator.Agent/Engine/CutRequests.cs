using System.Collections.Concurrent;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Those who wait for a set that is not cut yet. Everybody gets an answer: once closed, a cancellation.</summary>
internal sealed class CutRequests
{
    private readonly ConcurrentQueue<TaskCompletionSource<CutInfo>> _waiting = new();
    private volatile bool _closed;

    /// <summary>Nobody waits.</summary>
    public bool IsEmpty => _waiting.IsEmpty;

    /// <summary>Somebody waits.</summary>
    public void Add(TaskCompletionSource<CutInfo> cut)
    {
        _waiting.Enqueue(cut);
        if (_closed)
            Close();
    }

    /// <summary>How many wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>All who wait: whoever takes them answers them.</summary>
    public List<TaskCompletionSource<CutInfo>> TakeAll() => Take(int.MaxValue);

    /// <summary>Gives those who came first, or all, an error for an answer.</summary>
    public void Refuse(Exception why, int first = int.MaxValue) => Take(first).ForEach(cut => cut.TrySetException(why));

    /// <summary>Lets go who waits now or later.</summary>
    public void Close()
    {
        _closed = true;
        TakeAll().ForEach(cut => cut.TrySetCanceled(CancellationToken.None));
    }

    private List<TaskCompletionSource<CutInfo>> Take(int most)
    {
        List<TaskCompletionSource<CutInfo>> taken = [];
        while (taken.Count < most && _waiting.TryDequeue(out TaskCompletionSource<CutInfo>? cut))
            taken.Add(cut);
        return taken;
    }
}
