namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>What the host needs of every informer, whatever its kind.</summary>
public interface IInformer
{
    /// <summary>The kind watched.</summary>
    string Kind { get; }

    /// <summary>Whether the first full list is in.</summary>
    bool HasSynced { get; }

    /// <summary>Whether the server said at the last try that it has no such kind, or that this account may not list it.</summary>
    bool IsAbsent { get; }

    /// <summary>Waits until the first full list is in.</summary>
    Task WaitForSyncAsync(CancellationToken cancellationToken);

    /// <summary>Waits until the first full list is in, or the server said that there will be none: <see cref="IsAbsent"/>. A server that is away says nothing.</summary>
    Task WaitForAnswerAsync(CancellationToken cancellationToken);

    /// <summary>Keeps the copy until cancelled. Never fails: every fault is logged and tried again with back-off.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
