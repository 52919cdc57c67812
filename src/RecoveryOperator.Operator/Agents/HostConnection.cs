using System.Collections.Concurrent;
using Grpc.Core;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Agents;

/// <summary>The session with one host's agent: its inventory, and the latest status of every protection that it holds.</summary>
internal sealed class HostConnection(
    NamespacedName host, AgentEndpoint endpoint, IAgentObserver observer, AgentTiming timing, TimeProvider timeProvider, ILogger logger)
    : AgentConnection($"The agent of RecoveryHost {host} at {endpoint.Address}", endpoint, timing.SilenceGrace, timeProvider, logger)
{
    /// <summary>Sets that wait to be shipped from which on they are a backlog: one waits while it is shipped, two where cycles are short.</summary>
    public const int BacklogSets = 3;

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, ProtectionStatus> _protections = new();
    private readonly SemaphoreSlim _refresh = new(0, 1);

    public NamespacedName Host { get; } = host;

    /// <summary>What the agent last said about its host; null before it did.</summary>
    public HostDescription? Description { get; private set; }

    public HostAgent.HostAgentClient Client => new(Invoker);

    public static DateTime Deadline(TimeProvider clock) => clock.GetUtcNow().UtcDateTime + CallLimit;

    /// <summary>The latest status of a protection; null when the agent does not hold it.</summary>
    public ProtectionStatus? Protection(string protectionId) => _protections.GetValueOrDefault(protectionId);

    public IReadOnlyList<ProtectionStatus> Protections => [.. _protections.Values];

    /// <summary>Asks for the inventory now instead of at the next interval.</summary>
    public void Refresh()
    {
        lock (_refresh)
        {
            if (_refresh.CurrentCount == 0)
                _refresh.Release();
        }
    }

    public void Accept(ProtectionStatus status)
    {
        var before = _protections.GetValueOrDefault(status.ProtectionId);
        _protections[status.ProtectionId] = status;
        if (before is null || Significant(before) != Significant(status))
            observer.ProtectionChanged(status.ProtectionId);
    }

    public void Forget(string protectionId) => _protections.TryRemove(protectionId, out _);

    protected override async Task SessionAsync(CancellationToken cancellationToken)
    {
        await ReadAllAsync(cancellationToken);
        Answered();
        using var session = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] work = [WatchAsync(session.Token), PollAsync(session.Token)];
        var first = await Task.WhenAny(work);
        await session.CancelAsync();
        try
        {
            await Task.WhenAll(work);
        }
        catch (Exception error) when (error is OperationCanceledException or RpcException)
        {
            // The other one was cancelled because of the first: the first one's end is the session's.
            await first;
        }
    }

    protected override void PresenceChanged() => observer.HostChanged(Host);

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var call = Client.WatchProtections(new WatchProtectionsRequest(), cancellationToken: cancellationToken);
        await foreach (var status in call.ResponseStream.ReadAllAsync(cancellationToken))
            Accept(status);
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var due = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var timer = Task.Delay(timing.InventoryInterval, TimeProvider, due.Token);
            await Task.WhenAny(timer, _refresh.WaitAsync(due.Token));
            await due.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            await ReadAllAsync(cancellationToken);
            Answered();
        }
    }

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        var described = await Client.DescribeAsync(new DescribeHostRequest(), deadline: Deadline(TimeProvider), cancellationToken: cancellationToken);
        var held = await Client.ListProtectionsAsync(new ListProtectionsRequest(), deadline: Deadline(TimeProvider), cancellationToken: cancellationToken);
        var before = Description;
        Description = described;
        foreach (var gone in _protections.Keys.Except(held.Protections.Select(p => p.ProtectionId)))
        {
            Forget(gone);
            observer.ProtectionChanged(gone);
        }

        foreach (var status in held.Protections)
            Accept(status);
        if (before is null || !Stable(before).Equals(Stable(described)))
            observer.InventoryChanged(Host);
    }

    /// <summary>Free space moves all the time and concerns nobody who waits for the inventory.</summary>
    private static HostDescription Stable(HostDescription description)
    {
        var copy = description.Clone();
        (copy.FreeSpoolBytes, copy.FreeStorageBytes) = (0, 0);
        return copy;
    }

    /// <summary>What a person would notice; the rest is for the metrics.</summary>
    private static (ProtectionPhase, long, string?, bool, long, (ResyncStage, string, bool)?, string, bool, bool, bool) Significant(ProtectionStatus status) =>
        (status.Phase, status.Epoch, status.Fault?.Reason, status.CommittedSequence > 0, Percent(status),
            status.Resync is { } resync ? (resync.Stage, resync.Reason, resync.EstimatedBytes > 0) : null,
            status.AppConsistentProblem, status.AppConsistentInstant is not null, status.RetryAt is not null, status.CutsWaiting >= BacklogSets);

    private static long Percent(ProtectionStatus status) => status switch
    {
        { Initial: { BytesTotal: > 0 } copy } => copy.BytesDone * 100 / copy.BytesTotal,
        { Resync: { TotalBytes: > 0 } resync } => resync.ComparedBytes * 100 / resync.TotalBytes,
        _ => 0,
    };
}
