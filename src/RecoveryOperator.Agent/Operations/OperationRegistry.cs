using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Operations;

/// <summary>The work of an operation. Safe to run again under the same id.</summary>
public delegate Task<OperationResult?> OperationWork(OperationContext context, CancellationToken cancellationToken);

/// <summary>
/// Long work under ids given by the caller: the same id with the same request finds the operation that it began, with another request it is refused.
/// Ended operations are remembered for a day. One that ran when the process ended is not: it is started again by its caller.
/// </summary>
/// <param name="store">Where ended operations are remembered.</param>
/// <param name="classify">Turns an exception of the work into the fault that the caller sees.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Takes each start and end.</param>
public sealed partial class OperationRegistry(
    IOperationStore store,
    Func<Exception, Fault> classify,
    TimeProvider time,
    ILogger<OperationRegistry> logger) : IAsyncDisposable
{
    /// <summary>How long an ended operation is remembered at least.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, RunningOperation> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _tasks = new(StringComparer.Ordinal);

    /// <summary>Begins an operation, or finds the one that this id began.</summary>
    /// <param name="id">Id given by the caller.</param>
    /// <param name="requestDigest">See <see cref="RequestDigest"/>.</param>
    /// <param name="work">What to do; runs apart from the call.</param>
    /// <exception cref="OperationIdTakenException">Another request was made under this id.</exception>
    public Operation Start(string id, string requestDigest, OperationWork work)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        lock (_lock)
        {
            if (_running.TryGetValue(id, out RunningOperation? running))
                return running.RequestDigest == requestDigest ? running.Current : throw new OperationIdTakenException(id);
            if (store.Find(id) is { } ended)
                return ended.RequestDigest == requestDigest ? ended.Operation.Clone() : throw new OperationIdTakenException(id);

            store.Forget(time.GetUtcNow() - Memory);
            RunningOperation begun = new(id, requestDigest, time.GetUtcNow());
            _running[id] = begun;
            LogStarted(id);
            Operation first = begun.Current;
            _tasks[id] = Task.Run(() => RunAsync(begun, work), CancellationToken.None);
            return first;
        }
    }

    /// <summary>The operation as it is now.</summary>
    /// <exception cref="OperationNotFoundException">It is not known.</exception>
    public Operation Get(string id)
    {
        lock (_lock)
        {
            return _running.TryGetValue(id, out RunningOperation? running)
                ? running.Current
                : store.Find(id)?.Operation.Clone() ?? throw new OperationNotFoundException(id);
        }
    }

    /// <summary>The operation now, then each change, until it has ended.</summary>
    /// <exception cref="OperationNotFoundException">It is not known.</exception>
    public async IAsyncEnumerable<Operation> WatchAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_running.TryGetValue(id, out RunningOperation? running))
        {
            yield return Get(id);
            yield break;
        }

        using BroadcastSubscription<Operation> subscription = running.Subscribe();
        await foreach (Operation operation in subscription.ReadAllAsync(cancellationToken))
            yield return operation;
    }

    /// <summary>Asks the operation to stop; it ends as canceled, or as what it became before it noticed. An ended one stays as it is.</summary>
    /// <exception cref="OperationNotFoundException">It is not known.</exception>
    public Operation Cancel(string id)
    {
        lock (_lock)
        {
            if (_running.TryGetValue(id, out RunningOperation? running))
                running.Cancel();
            return Get(id);
        }
    }

    /// <summary>Cancels what runs and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            foreach (RunningOperation running in _running.Values)
                running.Cancel();
        }

        await Task.WhenAll(_tasks.Values);
    }

    private async Task RunAsync(RunningOperation running, OperationWork work)
    {
        Operation end = new() { State = OperationState.Succeeded };
        try
        {
            end.Result = await work(new OperationContext(running), running.Cancellation);
        }
        catch (OperationCanceledException) when (running.Cancellation.IsCancellationRequested)
        {
            end.State = OperationState.Canceled;
        }
        catch (Exception fault)
        {
            LogFailed(running.Id, fault);
            end.State = OperationState.Failed;
            end.Fault = classify(fault);
        }

        End(running, end);
    }

    private void End(RunningOperation running, Operation end)
    {
        lock (_lock)
        {
            Operation ended = running.Current;
            ended.MergeFrom(end);
            ended.FinishedAt = time.GetUtcNow().ToTimestamp();
            Remember(new EndedOperation(running.RequestDigest, ended));
            running.Change(operation => operation.MergeFrom(ended));
            _running.TryRemove(running.Id, out _);
            _tasks.TryRemove(running.Id, out _);
            LogEnded(running.Id, ended.State);
            running.Dispose();
        }
    }

    /// <summary>An end that could not be remembered is still told to the watchers; the id may then run again, which the work bears.</summary>
    private void Remember(EndedOperation ended)
    {
        try
        {
            store.Save(ended);
        }
        catch (Exception fault)
        {
            LogNotRemembered(ended.Operation.Id, fault);
        }
    }
}
