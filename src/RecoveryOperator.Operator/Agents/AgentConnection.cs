using Grpc.Core;
using Grpc.Net.Client;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Agents;

/// <summary>
/// Keeps one session with an agent open: connects, works until the session ends, waits with jitter, connects again. What the agent said is
/// kept, with how long ago it answered.
/// </summary>
internal abstract partial class AgentConnection : IAsyncDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);
    private readonly CancellationTokenSource _stop = new();
    private readonly GrpcChannel _channel;
    private readonly ILogger _logger;
    private Task? _running;
    private volatile Attempt _attempt = new(false, null, null, null);

    protected AgentConnection(string name, AgentEndpoint endpoint, TimeSpan grace, TimeProvider timeProvider, ILogger logger)
    {
        (Name, Endpoint, Grace, TimeProvider, _logger) = (name, endpoint, grace, timeProvider, logger);
        _channel = AgentChannels.Open(endpoint);
    }

    /// <summary>The agent, for people.</summary>
    public string Name { get; }

    public AgentEndpoint Endpoint { get; }

    protected TimeSpan Grace { get; }

    protected TimeProvider TimeProvider { get; }

    protected ILogger Logger => _logger;

    protected CallInvoker Invoker => _channel.CreateCallInvoker();

    /// <summary>Whether the agent answers now.</summary>
    public AgentState State
    {
        get
        {
            var now = _attempt;
            if (now.InSession)
                return new(AgentPresence.Connected, TimeProvider.GetUtcNow(), null);
            if (now.Failure is null)
                return new(now.LastSeen is null ? AgentPresence.Connecting : AgentPresence.Connected, now.LastSeen, null);
            var graced = now.LastSeen is { } seen && TimeProvider.GetUtcNow() - seen < Grace;
            return new(graced ? AgentPresence.Connected : AgentPresence.Silent, now.LastSeen, now.Failure);
        }
    }

    public void Start() => _running ??= Task.Run(() => RunAsync(_stop.Token), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_running is not null)
            await _running;
        _channel.Dispose();
        _stop.Dispose();
    }

    /// <summary>Works with the agent until the session ends; calls <see cref="Answered"/> once it has answered.</summary>
    protected abstract Task SessionAsync(CancellationToken cancellationToken);

    /// <summary>Presence changed, or may have.</summary>
    protected abstract void PresenceChanged();

    /// <summary>The agent has answered: the session stands.</summary>
    protected void Answered()
    {
        var before = _attempt;
        _attempt = new(true, TimeProvider.GetUtcNow(), null, null);
        if (before.InSession)
            return;
        LogConnected(Name);
        PresenceChanged();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var wait = FirstWait;
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TrySessionAsync(cancellationToken))
                wait = FirstWait;
            try
            {
                await Task.Delay(wait * (0.5 + Random.Shared.NextDouble()), TimeProvider, cancellationToken);
                // The grace may have ended while nothing else happened.
                if (_attempt is { Failure: not null, LastSeen: { } seen, SilenceTold: null } ended && TimeProvider.GetUtcNow() - seen >= Grace)
                {
                    _attempt = ended with { SilenceTold = true };
                    PresenceChanged();
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                LogStopped(Name);
            }

            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    /// <returns>Whether the agent had answered.</returns>
    private async Task<bool> TrySessionAsync(CancellationToken cancellationToken)
    {
        Obstacle failure;
        try
        {
            await SessionAsync(cancellationToken);
            failure = new("AgentUnreachable", $"{Name} ended the connection. It is tried again.", false);
        }
        catch (Exception error) when (cancellationToken.IsCancellationRequested && error is OperationCanceledException or RpcException)
        {
            LogStopped(Name);
            return false;
        }
        catch (RpcException error)
        {
            failure = AgentFaults.Explain(error, Name);
        }
        catch (Exception error)
        {
            LogFault(Name, error);
            failure = new("AgentFailed", $"{Name}: {error.Message} It is tried again.", false);
        }

        Ended(failure);
        return _attempt.WasInSession;
    }

    private void Ended(Obstacle failure)
    {
        var before = _attempt;
        _attempt = new(false, before.InSession ? TimeProvider.GetUtcNow() : before.LastSeen, failure, before.InSession ? null : before.SilenceTold) { WasInSession = before.InSession };
        if (!before.InSession && before.Failure == failure)
            return;
        LogLost(Name, failure.Message);
        PresenceChanged();
    }

    private sealed record Attempt(bool InSession, DateTimeOffset? LastSeen, Obstacle? Failure, bool? SilenceTold)
    {
        public bool WasInSession { get; init; }
    }

    [LoggerMessage(LogLevel.Information, "{Agent} answers")]
    private partial void LogConnected(string agent);

    [LoggerMessage(LogLevel.Warning, "{Agent} is lost: {Reason}")]
    private partial void LogLost(string agent, string reason);

    [LoggerMessage(LogLevel.Error, "The session with {Agent} failed")]
    private partial void LogFault(string agent, Exception error);

    [LoggerMessage(LogLevel.Debug, "The connection to {Agent} stops")]
    private partial void LogStopped(string agent);
}
