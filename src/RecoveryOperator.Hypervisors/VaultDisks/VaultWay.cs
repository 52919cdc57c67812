namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>How snapshots in the vault are read.</summary>
/// <param name="Reader">Reads them.</param>
/// <param name="Anew">Reads over a connection of its own each time: what was damaged on the way is not damaged there.</param>
/// <param name="Tables">Keeps ranges of checksum tables.</param>
/// <param name="Patience">How long a request is gone on with.</param>
/// <param name="Turns">Bounds the requests at once; null: the caller does.</param>
/// <param name="Time">The clock.</param>
/// <param name="Closing">Ends what is under way.</param>
internal sealed record VaultWay(
    VaultDiskReader Reader, VaultDiskReader Anew, ChunkCache Tables, VaultPatience Patience, VaultTurns? Turns, TimeProvider Time, CancellationToken Closing)
{
    /// <summary>What a reader gave up on still comes for its next try: on a line on which a chunk takes longer than a read may, nothing would ever arrive otherwise.</summary>
    public static readonly TimeSpan FetchLimit = TimeSpan.FromMinutes(5);

    /// <summary>A client that makes a connection for each request. It goes nowhere but where it is sent.</summary>
    public static HttpClient NewConnections() => new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, AllowAutoRedirect = false });

    /// <summary>Reads within a limit.</summary>
    /// <exception cref="HypervisorException">Transient: the limit was reached.</exception>
    public async Task LimitedAsync(Func<CancellationToken, Task> read, VaultSource source, TimeSpan span, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(span, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await read(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Late(source, span);
        }
    }

    /// <summary>Nothing came in time.</summary>
    public static HypervisorException Late(VaultSource source, TimeSpan span) => new(
        HypervisorFault.Transient,
        $"{source.Name}: {source.Uri.Host} did not give what was asked for within {span.TotalSeconds:0} s.",
        "Check the line between the host and the vault: it is slow, or more is asked for than it carries.");
}
