using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Tells watchers of protections: each change of state at once, figures at most once a second per protection.</summary>
public sealed class StatusFeed(TimeProvider time)
{
    private static readonly TimeSpan FiguresInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly BroadcastList<ProtectionStatus> _watchers = new();
    private readonly ConcurrentDictionary<string, long> _publishedAt = new(StringComparer.Ordinal);

    /// <summary>Something changed.</summary>
    /// <param name="protectionId">The protection.</param>
    /// <param name="build">Makes its status.</param>
    /// <param name="state">True for a change of state, false for figures.</param>
    public void Publish(string protectionId, Func<ProtectionStatus> build, bool state)
    {
        if (!state && _publishedAt.TryGetValue(protectionId, out long at) && time.GetElapsedTime(at) < FiguresInterval)
            return;

        lock (_lock)
        {
            _publishedAt[protectionId] = time.GetTimestamp();
            _watchers.Publish(build());
        }
    }

    /// <summary>The protection is gone.</summary>
    public void Forget(string protectionId) => _publishedAt.TryRemove(protectionId, out _);

    /// <summary>First every status of <paramref name="all"/>, then each change.</summary>
    public async IAsyncEnumerable<ProtectionStatus> WatchAsync(
        Func<IReadOnlyList<ProtectionStatus>> all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BroadcastSubscription<ProtectionStatus> subscription;
        lock (_lock)
            subscription = _watchers.Subscribe(all());
        using (subscription)
        {
            await foreach (ProtectionStatus status in subscription.ReadAllAsync(cancellationToken))
                yield return status;
        }
    }
}
