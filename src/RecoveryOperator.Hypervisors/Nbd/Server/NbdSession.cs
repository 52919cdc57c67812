using System.Buffers.Binary;
using static RecoveryOperator.Hypervisors.Nbd.NbdProtocol;

namespace RecoveryOperator.Hypervisors.Nbd.Server;

/// <summary>One client's reads of one export, a bounded number at once, answered as they end. What cannot be read is an I/O error to the client, and the session goes on.</summary>
/// <param name="stream">The connection, after its handshake.</param>
/// <param name="export">What is read.</param>
/// <param name="time">The clock.</param>
internal sealed class NbdSession(Stream stream, INbdExport export, TimeProvider time) : IDisposable
{
    /// <summary>Longest read: with those at once it bounds what a client can make the server hold.</summary>
    public const int LargestReadBytes = 2 << 20;

    private const int ReadsAtOnce = 16;

    /// <summary>A client takes an answer within so long: one that never reads would hold the answers' memory for ever.</summary>
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _sending = new(1);
    private readonly SemaphoreSlim _slots = new(ReadsAtOnce);
    private volatile Exception? _failure;

    /// <summary>Serves until the client goes.</summary>
    /// <exception cref="IOException">The connection broke, or what came over it is not NBD.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answers = new HashSet<Task>();
        try
        {
            while (await NextAsync(ending.Token).ConfigureAwait(false) is { } request && request.Command != CommandDisconnect)
            {
                await _slots.WaitAsync(ending.Token).ConfigureAwait(false);
                answers.RemoveWhere(answer => answer.IsCompleted);
                answers.Add(AnswerAsync(request, ending));
            }
        }
        catch (OperationCanceledException) when (_failure is not null && !cancellationToken.IsCancellationRequested)
        {
            throw new NbdException($"a read could not be answered: {_failure.Message}", _failure);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(answers).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sending.Dispose();
        _slots.Dispose();
    }

    private sealed record Request(ushort Command, ulong Cookie, long OffsetBytes, uint LengthBytes);

    private async Task<Request?> NextAsync(CancellationToken cancellationToken)
    {
        var header = new byte[RequestBytes];
        var read = await stream.ReadAtLeastAsync(header, RequestBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (read == 0) return null;
        if (read < RequestBytes) throw new NbdException("the client went away within a request");
        if (BinaryPrimitives.ReadUInt32BigEndian(header) != RequestMagic) throw new NbdException("the client's request is none of NBD's");
        var request = new Request(
            BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(6)),
            BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(8)),
            BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(16)),
            BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(24)));
        // Its data would have to be read to find the next request.
        return request.Command != CommandWrite ? request : throw new NbdException("the client writes to what it was told is read-only");
    }

    /// <summary>A read without an answer would keep the guest waiting for ever: whatever goes wrong with one ends the connection, which the client sees.</summary>
    private async Task AnswerAsync(Request request, CancellationTokenSource ending)
    {
        try
        {
            var (error, content) = await ReadAsync(request, ending.Token).ConfigureAwait(false);
            // More or less than was asked for would be taken for the next answer's head, and shift all that follows.
            var lengthBytes = content.Sum(piece => (long)piece.Length);
            if (error == 0 && lengthBytes != request.LengthBytes)
                throw new NbdException($"a read of {request.LengthBytes} bytes at {request.OffsetBytes} gave {lengthBytes} bytes");
            await SendAsync(request.Cookie, error, content, ending.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            if (!ending.IsCancellationRequested) _failure = error;
            await ending.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task<(uint Error, IReadOnlyList<ReadOnlyMemory<byte>> Content)> ReadAsync(Request request, CancellationToken cancellationToken)
    {
        if (request.Command != CommandRead) return (ErrorInvalid, []);
        if (request.LengthBytes is 0 or > LargestReadBytes || request.OffsetBytes < 0 || request.OffsetBytes > export.SizeBytes - request.LengthBytes) return (ErrorInvalid, []);
        try
        {
            return (0, await export.ReadAsync(request.OffsetBytes, (int)request.LengthBytes, cancellationToken).ConfigureAwait(false));
        }
        catch (HypervisorException)
        {
            return (ErrorIO, []); // The export reports it.
        }
    }

    private async Task SendAsync(ulong cookie, uint error, IReadOnlyList<ReadOnlyMemory<byte>> content, CancellationToken cancellationToken)
    {
        var header = new byte[SimpleReplyBytes];
        BinaryPrimitives.WriteUInt32BigEndian(header, SimpleReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), error);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(8), cookie);
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(SendLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await stream.WriteAsync(header, either.Token).ConfigureAwait(false);
            foreach (var piece in content) await stream.WriteAsync(piece, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new NbdException($"the client took no answer for {SendLimit.TotalSeconds:0} s");
        }
        finally
        {
            _sending.Release();
        }
    }
}
