using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using static RecoveryOperator.Hypervisors.Nbd.NbdProtocol;

namespace RecoveryOperator.Hypervisors.Nbd;

/// <summary>
/// A read-only client of one NBD export over a unix socket, with one metadata context. Safe for concurrent use: a bounded number of requests
/// is in flight on the one connection, answers may come in any order. Any breach of the protocol ends the connection and fails all requests.
/// </summary>
internal sealed class NbdClient : IAsyncDisposable
{
    /// <summary>Longest single read; longer ones are split. Bounds what one request makes the server buffer.</summary>
    public const int LargestReadBytes = 4 << 20;

    /// <summary>Longest range of one block status request: the protocol's length has 32 bits.</summary>
    private const int LargestStatusBytes = 1 << 30;

    private readonly NetworkStream _stream;
    private readonly ConcurrentDictionary<ulong, NbdRequest> _pending = new();
    private readonly SemaphoreSlim _slots;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _receiving;
    private readonly string _export;
    private ulong _lastCookie;
    private volatile Exception? _failure;

    private NbdClient(NetworkStream stream, string exportName, NbdExport export, int requestsInFlight)
    {
        (_stream, _export, SizeBytes) = (stream, exportName, export.SizeBytes);
        _slots = new SemaphoreSlim(requestsInFlight);
        _receiving = Task.Run(() => ReceiveAsync(new NbdReceiver(stream, export.ContextId)));
    }

    /// <summary>Size of the export in bytes.</summary>
    public long SizeBytes { get; }

    /// <summary>Connects and agrees on the export and the context.</summary>
    /// <exception cref="NbdException">There is no server, or it does not have what is asked.</exception>
    public static async Task<NbdClient> ConnectAsync(string socketPath, string export, string context, int requestsInFlight, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var stream = default(NetworkStream);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: true);
            var agreed = await new NbdHandshake(stream, export, context).RunAsync(cancellationToken).ConfigureAwait(false);
            return new NbdClient(stream, export, agreed, requestsInFlight);
        }
        catch (Exception error)
        {
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            if (error is SocketException or EndOfStreamException) throw new NbdException($"cannot open NBD export {export} at {socketPath}: {error.Message}", error);
            throw;
        }
    }

    /// <summary>Fills the buffer with the export's content from the offset on.</summary>
    /// <exception cref="IOException">The server refused, or the connection broke.</exception>
    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (offsetBytes < 0 || offsetBytes + buffer.Length > SizeBytes)
            throw new IOException($"a read of {buffer.Length} bytes at {offsetBytes} is beyond the end of export {_export} ({SizeBytes} bytes)");
        if (buffer.Length <= LargestReadBytes)
        {
            if (buffer.Length > 0) await AskAsync(new NbdRequest(CommandRead, offsetBytes, buffer.Length, buffer), cancellationToken).ConfigureAwait(false);
            return;
        }

        var pieces = new List<Task>();
        for (var done = 0; done < buffer.Length; done += LargestReadBytes)
        {
            var piece = buffer.Slice(done, Math.Min(LargestReadBytes, buffer.Length - done));
            pieces.Add(AskAsync(new NbdRequest(CommandRead, offsetBytes + done, piece.Length, piece), cancellationToken));
        }

        await Task.WhenAll(pieces).ConfigureAwait(false);
    }

    /// <summary>The state of the export from an offset on, at least one part, possibly far less than is left, never beyond the end.</summary>
    public async Task<IReadOnlyList<NbdStatus>> BlockStatusAsync(long offsetBytes, CancellationToken cancellationToken)
    {
        var lengthBytes = (int)Math.Min(LargestStatusBytes, SizeBytes - offsetBytes);
        var request = new NbdRequest(CommandBlockStatus, offsetBytes, lengthBytes, default);
        await AskAsync(request, cancellationToken).ConfigureAwait(false);
        return request.Statuses is [{ LengthBytes: > 0 }, ..]
            ? request.Statuses
            : throw new NbdException($"the server of export {_export} gave no block status at {offsetBytes}");
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _closing.Dispose();
    }

    private async Task AskAsync(NbdRequest request, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        var cookie = Interlocked.Increment(ref _lastCookie);
        _pending[cookie] = request;
        if (_failure is { } failure) End(cookie, failure);
        else await SendAsync(request, cookie).ConfigureAwait(false);
        await request.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Never cancelled: half a request would break the stream for all. A failure closes the stream: the receiver then fails all requests,
    /// because only it knows that no buffer is being written to.
    /// </summary>
    private async Task SendAsync(NbdRequest request, ulong cookie)
    {
        var bytes = new byte[RequestBytes];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), request.Command);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), cookie);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(16), request.OffsetBytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(24), request.LengthBytes);
        await _sending.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await _stream.WriteAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            _failure ??= Broken(error);
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReceiveAsync(NbdReceiver receiver)
    {
        try
        {
            while (true)
            {
                var (cookie, isLast) = await receiver
                    .ReceiveAsync(id => _pending.TryGetValue(id, out var request) ? request : throw new NbdException($"an answer to unknown request {id}"), _closing.Token)
                    .ConfigureAwait(false);
                if (isLast) End(cookie, null);
            }
        }
        catch (Exception error)
        {
            // Handed to every request, those to come included.
            EndAll(Broken(error));
        }
    }

    private NbdException Broken(Exception error) => new($"the connection to NBD export {_export} ended: {error.Message}", error);

    private void EndAll(Exception failure)
    {
        _failure ??= failure;
        foreach (var cookie in _pending.Keys) End(cookie, failure);
    }

    private void End(ulong cookie, Exception? failure)
    {
        if (!_pending.TryRemove(cookie, out var request)) return;
        request.Complete(failure);
        _slots.Release();
    }
}
