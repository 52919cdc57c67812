namespace RecoveryOperator.Agent.Operations;

/// <summary>Remembers ended operations, so that a repeated call finds what its first one did.</summary>
public interface IOperationStore
{
    /// <summary>The ended operation of that id, or null.</summary>
    EndedOperation? Find(string id);

    /// <summary>Remembers an operation that has ended. Durable when it returns, where the store is.</summary>
    void Save(EndedOperation ended);

    /// <summary>Forgets the operations that ended before <paramref name="endedBefore"/>.</summary>
    void Forget(DateTimeOffset endedBefore);
}
