using System.Net;
using System.Web;

namespace RecoveryOperator.Testing.Fakes;

/// <summary>
/// Sits in a client and makes trouble on the way to any server: an outage that also breaks open watches, an outdated resourceVersion,
/// a watch that stays silent. Counts what passes.
/// </summary>
public sealed class FaultHandler : DelegatingHandler
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _connections = new();
    private int _requests;
    private int _lists;
    private int _watches;
    private int _patches;
    private string? _rewriteWatchVersion;
    private volatile bool _silentWatches;
    private volatile bool _down;
    private volatile string? _hidden;

    /// <summary>Requests of any kind so far, refused ones included.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Lists so far, each page counted.</summary>
    public int Lists => Volatile.Read(ref _lists);

    /// <summary>Watches opened so far.</summary>
    public int Watches => Volatile.Read(ref _watches);

    /// <summary>Patches so far.</summary>
    public int Patches => Volatile.Read(ref _patches);

    /// <summary>While true, watches open and never say anything.</summary>
    public bool SilentWatches
    {
        get => _silentWatches;
        set => _silentWatches = value;
    }

    /// <summary>The server answers as if it had no kind of this plural name; null: it has all.</summary>
    public string? HiddenKind
    {
        get => _hidden;
        set => _hidden = value;
    }

    /// <summary>Breaks every open watch and refuses every request until <see cref="Recover"/>.</summary>
    public void BreakDown()
    {
        _down = true;
        BreakWatches();
    }

    /// <summary>Ends the outage.</summary>
    public void Recover() => _down = false;

    /// <summary>Breaks every open watch.</summary>
    public void BreakWatches()
    {
        lock (_lock)
        {
            _connections.Cancel();
            _connections.Dispose();
            _connections = new();
        }
    }

    /// <summary>The next watch asks for this version instead of its own.</summary>
    public void RewriteNextWatchVersion(string version) => Volatile.Write(ref _rewriteWatchVersion, version);

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        Interlocked.Increment(ref _requests);
        if (_down)
            throw new HttpRequestException("the test's outage");
        if (_hidden is { } hidden && request.RequestUri!.AbsolutePath.Split('/').Contains(hidden))
            return new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent("404 page not found"), RequestMessage = request };
        if (request.Method == HttpMethod.Patch)
            Interlocked.Increment(ref _patches);
        if (request.Method != HttpMethod.Get || !request.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal))
        {
            if (request.Method == HttpMethod.Get && request.RequestUri!.Query.Contains("limit=", StringComparison.Ordinal))
                Interlocked.Increment(ref _lists);
            return await base.SendAsync(request, cancellationToken);
        }

        Interlocked.Increment(ref _watches);
        if (_silentWatches)
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new SilentStream()) };
        if (Interlocked.Exchange(ref _rewriteWatchVersion, null) is { } version)
            Rewrite(request, version);
        CancellationToken connection;
        lock (_lock)
            connection = _connections.Token;
        var response = await base.SendAsync(request, cancellationToken);
        response.Content = new StreamContent(new BreakableStream(await response.Content.ReadAsStreamAsync(cancellationToken), connection));
        return response;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_lock)
                _connections.Dispose();
        }

        base.Dispose(disposing);
    }

    private static void Rewrite(HttpRequestMessage request, string version)
    {
        var query = HttpUtility.ParseQueryString(request.RequestUri!.Query);
        query["resourceVersion"] = version;
        request.RequestUri = new UriBuilder(request.RequestUri) { Query = query.ToString() }.Uri;
    }
}
