using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Operations;

/// <summary>An operation that is known to the registry, with its watchers.</summary>
internal sealed class RunningOperation(string id, string requestDigest, DateTimeOffset startedAt) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly BroadcastList<Operation> _watchers = new();
    private readonly CancellationTokenSource _cancellation = new();
    private readonly Operation _operation = new()
    {
        Id = id,
        State = OperationState.Running,
        StartedAt = startedAt.ToTimestamp(),
    };

    public string Id { get; } = id;

    public string RequestDigest { get; } = requestDigest;

    public CancellationToken Cancellation => _cancellation.Token;

    public Operation Current
    {
        get
        {
            lock (_lock)
                return _operation.Clone();
        }
    }

    public void Change(Action<Operation> change)
    {
        lock (_lock)
        {
            if (_operation.State != OperationState.Running)
                return;
            change(_operation);
            _watchers.Publish(_operation.Clone());
            if (_operation.State != OperationState.Running)
                _watchers.Complete();
        }
    }

    /// <summary>The present state, followed by each change until the end.</summary>
    public BroadcastSubscription<Operation> Subscribe()
    {
        lock (_lock)
            return _watchers.Subscribe([_operation.Clone()]);
    }

    public void Cancel() => _cancellation.Cancel();

    public void Dispose() => _cancellation.Dispose();
}
