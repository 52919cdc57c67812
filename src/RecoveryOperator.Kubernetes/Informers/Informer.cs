using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>
/// Keeps a local copy of a kind's objects by list and watch and tells handlers which keys changed. Any failure, a 410 as HTTP status or
/// within the stream, and a silent watch lead to a new list whose difference to the copy yields the deletions that were missed.
/// </summary>
public sealed partial class Informer<T> : IInformer, IObjectReader<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>A watch that ends sooner than this without an event counts as a failure: a server that hangs up must not cause a hot loop.</summary>
    private static readonly TimeSpan ShortestHealthyWatch = TimeSpan.FromSeconds(1);

    private readonly ResourceClient _client;
    private readonly InformerOptions _options;
    private readonly TimeProvider _time;
    private readonly KubernetesInstruments _instruments;
    private readonly ILogger<Informer<T>> _logger;
    private readonly Random _random;
    private readonly JitteredBackoff _backoff;
    private readonly ObjectStore<T> _store;
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _resourceVersion;
    private volatile bool _absent;

    /// <summary>Creates an informer that does nothing until <see cref="RunAsync"/>.</summary>
    /// <param name="client">Reads the API server.</param>
    /// <param name="options">How the copy is kept.</param>
    /// <param name="timeProvider">Measures watches and waits.</param>
    /// <param name="instruments">Counts lists and watches.</param>
    /// <param name="logger">Gets one line per failure.</param>
    /// <param name="random">Where jitter comes from; a shared source unless given.</param>
    public Informer(
        ResourceClient client,
        InformerOptions options,
        TimeProvider timeProvider,
        KubernetesInstruments instruments,
        ILogger<Informer<T>> logger,
        Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_client, _options, _time, _instruments, _logger) = (client, options, timeProvider, instruments, logger);
        _random = random ?? Random.Shared;
        _store = new(LogHandlerFault);
        _backoff = new(options.BackoffInitial, options.BackoffMaximum, _random);
        instruments.ObserveKind(Kind, () => HasSynced && !IsAbsent);
    }

    /// <inheritdoc/>
    public string Kind { get; } = ResourceType.Of<T>().Kind;

    /// <inheritdoc/>
    public bool HasSynced => _synced.Task.IsCompletedSuccessfully;

    /// <inheritdoc/>
    public bool IsAbsent => _absent;

    /// <summary>From where the next watch goes on; null before a list.</summary>
    internal string? ResourceVersion => _resourceVersion;

    /// <inheritdoc/>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public Task WaitForAnswerAsync(CancellationToken cancellationToken) => _answered.Task.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public T? Get(NamespacedName key) => _store.Get(key);

    /// <inheritdoc/>
    public IReadOnlyList<T> List(string? @namespace = null) => _store.List(@namespace);

    /// <inheritdoc/>
    public IReadOnlyList<T> ByIndex(string index, string value) => _store.ByIndex(index, value);

    /// <summary>Adds (or replaces) an index; objects are found by every value that <paramref name="valuesOf"/> yields for them.</summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> valuesOf) => _store.AddIndex(name, valuesOf);

    /// <summary>
    /// Calls <paramref name="handler"/> for every object there is now, and then for every change until disposed. It runs inside the
    /// informer's lock: it must not block and only put keys into queues.
    /// </summary>
    public IDisposable Subscribe(Action<InformerEvent<T>> handler) => _store.Subscribe(handler);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var resync = StartResync();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (!await ListAndWatchOnceAsync(cancellationToken))
                    await Task.Delay(_backoff.Next(), _time, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private ITimer? StartResync() =>
        _options.ResyncPeriod > TimeSpan.Zero
            ? _time.CreateTimer(_ => _store.Resync(), null, _options.ResyncPeriod, _options.ResyncPeriod)
            : null;

    /// <returns>Whether to go on at once; false asks for a pause.</returns>
    private async Task<bool> ListAndWatchOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            _resourceVersion ??= await ListAsync(cancellationToken);
            return await WatchAsync(cancellationToken);
        }
        catch (ResourceRequestException e)
        {
            Failed(e);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogUnexpected(Kind, e);
            _instruments.WatchEnded(Kind, "failed");
        }

        _resourceVersion = null;
        return false;
    }

    /// <summary>A kind that is not there is said once, and looked for again at each try: its definition may be installed at any time.</summary>
    private void Failed(ResourceRequestException error)
    {
        var absent = _resourceVersion is null && (error.IsNotFound || error.IsForbidden);
        if (absent && !_absent)
            LogAbsent(Kind, $"{ResourceType.Of<T>().Plural}.{ResourceType.Of<T>().Group}", error.Message);
        else if (!absent)
            LogFailure(Kind, error.Message);
        _absent = absent;
        if (absent)
            _answered.TrySetResult();
        _instruments.WatchEnded(Kind, error.IsGone ? "gone" : absent ? "absent" : "failed");
    }

    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        var listing = new Listing<T>(_client, _options);
        var resourceVersion = await listing.ReadAsync(cancellationToken);
        foreach (var unknown in listing.Undecodable)
            LogUndecodable(Kind, unknown.Key, unknown.Error);

        var synthesised = _store.Replace(listing.Items, listing.Undecodable.Select(u => u.Key).ToHashSet());
        _instruments.ListEnded(Kind, "complete");
        LogListed(Kind, listing.Items.Count, resourceVersion, synthesised);
        if (_absent)
            LogPresent(Kind);
        _absent = false;
        _synced.TrySetResult();
        _answered.TrySetResult();
        return resourceVersion;
    }

    private async Task<bool> WatchAsync(CancellationToken cancellationToken)
    {
        var timeout = _options.WatchTimeout * (1 + (0.2 * _random.NextDouble()));
        using var watchdog = new CancellationTokenSource(timeout + _options.WatchdogGrace, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watchdog.Token);
        var started = _time.GetTimestamp();
        var events = 0;
        try
        {
            await foreach (var change in _client.WatchAsync<T>(_options.Query, _resourceVersion!, timeout, linked.Token))
            {
                events++;
                if (!Apply(change))
                    return false;
                _backoff.Reset();
            }
        }
        catch (OperationCanceledException) when (watchdog.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            LogSilent(Kind, (timeout + _options.WatchdogGrace).TotalSeconds);
            _instruments.WatchEnded(Kind, "silent");
            _resourceVersion = null;
            return false;
        }

        _instruments.WatchEnded(Kind, "complete");
        var healthy = events > 0 || _time.GetElapsedTime(started) >= ShortestHealthyWatch;
        if (healthy)
            _backoff.Reset();
        return healthy;
    }

    /// <returns>False if the stream is over and a new list is needed.</returns>
    private bool Apply(WatchEvent<T> change)
    {
        switch (change)
        {
            case WatchEvent<T>.Changed { Object: var item }:
                _store.Set(item);
                _resourceVersion = item.Metadata.ResourceVersion;
                return true;
            case WatchEvent<T>.Deleted deleted:
                _store.Delete(deleted.Key);
                _resourceVersion = deleted.ResourceVersion ?? _resourceVersion;
                return true;
            case WatchEvent<T>.Bookmark { ResourceVersion: var version }:
                _resourceVersion = version;
                return true;
            case WatchEvent<T>.Undecodable { Object: var unknown } undecodable:
                LogUndecodable(Kind, unknown.Key, unknown.Error);
                _resourceVersion = undecodable.ResourceVersion ?? _resourceVersion;
                return true;
            case WatchEvent<T>.Failed failed:
                LogStreamError(Kind, failed.Code, failed.Message);
                _instruments.WatchEnded(Kind, failed.IsGone ? "gone" : "failed");
                break;
        }

        _resourceVersion = null;
        return false;
    }
}
