using System.Collections.Concurrent;

namespace RecoveryOperator.Agent.Operations;

/// <summary>Remembers ended operations as long as the process lives: for a role whose operations are all safe to run again.</summary>
public sealed class InMemoryOperationStore : IOperationStore
{
    private readonly ConcurrentDictionary<string, EndedOperation> _ended = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public EndedOperation? Find(string id) => _ended.GetValueOrDefault(id);

    /// <inheritdoc/>
    public void Save(EndedOperation ended)
    {
        ArgumentNullException.ThrowIfNull(ended);
        _ended[ended.Operation.Id] = ended;
    }

    /// <inheritdoc/>
    public void Forget(DateTimeOffset endedBefore)
    {
        foreach ((string id, EndedOperation ended) in _ended)
        {
            if (ended.Operation.FinishedAt.ToDateTimeOffset() < endedBefore)
                _ended.TryRemove(id, out _);
        }
    }
}
