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

    /// <summary>All who wait: whoever takes them answers them.</summary>
    public List<TaskCompletionSource<CutInfo>> TakeAll()
    {
        List<TaskCompletionSource<CutInfo>> taken = [];
        while (_waiting.TryDequeue(out TaskCompletionSource<CutInfo>? cut))
            taken.Add(cut);
        return taken;
    }

    /// <summary>No cycle runs any more that would answer them.</summary>
    public void Refuse(Exception why) => TakeAll().ForEach(cut => cut.TrySetException(why));

    /// <summary>Lets go who waits now or later.</summary>
    public void Close()
    {
        _closed = true;
        TakeAll().ForEach(cut => cut.TrySetCanceled(CancellationToken.None));
    }
}
