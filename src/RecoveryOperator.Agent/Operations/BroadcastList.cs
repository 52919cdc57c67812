using System.Threading.Channels;

namespace RecoveryOperator.Agent.Operations;

/// <summary>
/// Hands each message to all subscribers, in order. A subscriber that falls <see cref="Capacity"/> messages behind is ended with
/// <see cref="WatcherTooSlowException"/>: losing messages silently could leave it with a stale state for ever.
/// </summary>
internal sealed class BroadcastList<T>
{
    /// <summary>A watcher of a host with 200 machines gets every state change of several cycles into this.</summary>
    private const int Capacity = 4096;

    private readonly Lock _lock = new();
    private readonly List<Channel<T>> _channels = [];
    private bool _completed;

    public BroadcastSubscription<T> Subscribe(IReadOnlyCollection<T> first)
    {
        Channel<T> channel = Channel.CreateBounded<T>(new BoundedChannelOptions(Capacity + first.Count) { SingleReader = true });
        foreach (T message in first)
            channel.Writer.TryWrite(message);
        lock (_lock)
        {
            if (_completed)
                channel.Writer.Complete();
            else
                _channels.Add(channel);
        }

        return new BroadcastSubscription<T>(channel.Reader, () => Remove(channel));
    }

    public void Publish(T message)
    {
        lock (_lock)
        {
            foreach (Channel<T> channel in _channels.Where(channel => !channel.Writer.TryWrite(message)).ToArray())
            {
                channel.Writer.Complete(new WatcherTooSlowException());
                _channels.Remove(channel);
            }
        }
    }

    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            _channels.ForEach(channel => channel.Writer.Complete());
            _channels.Clear();
        }
    }

    private void Remove(Channel<T> channel)
    {
        lock (_lock)
            _channels.Remove(channel);
    }
}

/// <summary>One subscriber's messages; disposing it ends the subscription.</summary>
internal sealed class BroadcastSubscription<T>(ChannelReader<T> reader, Action unsubscribe) : IDisposable
{
    public IAsyncEnumerable<T> ReadAllAsync(CancellationToken cancellationToken) => reader.ReadAllAsync(cancellationToken);

    public void Dispose() => unsubscribe();
}
