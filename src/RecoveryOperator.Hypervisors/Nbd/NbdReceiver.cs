using System.Buffers.Binary;
using System.Text;
using static RecoveryOperator.Hypervisors.Nbd.NbdProtocol;

namespace RecoveryOperator.Hypervisors.Nbd;

/// <summary>Takes structured replies off the stream, one chunk at a time, and hands them to their requests.</summary>
internal sealed class NbdReceiver(Stream stream, uint contextId)
{
    private readonly byte[] _header = new byte[ChunkHeaderBytes];
    private byte[] _scratch = new byte[4096];

    /// <summary>Receives one chunk; returns the request's cookie and whether it was the last chunk.</summary>
    public async ValueTask<(ulong Cookie, bool IsLast)> ReceiveAsync(Func<ulong, NbdRequest> find, CancellationToken cancellationToken)
    {
        await stream.ReadExactlyAsync(_header, cancellationToken).ConfigureAwait(false);
        if (BinaryPrimitives.ReadUInt32BigEndian(_header) != StructuredReplyMagic) throw new NbdException("the server's reply is not a structured one");
        var flags = BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(4));
        var type = BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(6));
        var cookie = BinaryPrimitives.ReadUInt64BigEndian(_header.AsSpan(8));
        var length = BinaryPrimitives.ReadUInt32BigEndian(_header.AsSpan(16));
        var request = find(cookie);
        if (type == ChunkOffsetData) await ReceiveDataAsync(request, length, cancellationToken).ConfigureAwait(false);
        else Apply(request, type, await ReceiveMessageAsync(length, cancellationToken).ConfigureAwait(false));
        return (cookie, (flags & ChunkDone) != 0);
    }

    private async ValueTask ReceiveDataAsync(NbdRequest request, uint length, CancellationToken cancellationToken)
    {
        if (length <= 8 || length - 8 > request.LengthBytes) throw new NbdException($"a data chunk of {length} bytes to a read of {request.LengthBytes} bytes");
        await stream.ReadExactlyAsync(_scratch.AsMemory(0, 8), cancellationToken).ConfigureAwait(false);
        var dataBytes = (int)length - 8;
        var target = request.BeginFill(BinaryPrimitives.ReadInt64BigEndian(_scratch), dataBytes);
        try
        {
            await stream.ReadExactlyAsync(target ?? Scratch(dataBytes), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (target is not null) request.EndFill();
        }
    }

    private async ValueTask<Memory<byte>> ReceiveMessageAsync(uint length, CancellationToken cancellationToken)
    {
        if (length > LargestMessageBytes) throw new NbdException($"a reply chunk of {length} bytes");
        var message = Scratch((int)length);
        await stream.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
        return message;
    }

    private void Apply(NbdRequest request, ushort type, Memory<byte> message)
    {
        if ((type & ChunkErrorBit) != 0)
        {
            request.Error = Refusal(request, message.Span);
        }
        else if (type == ChunkOffsetHole && message.Length == 12)
        {
            var lengthBytes = BinaryPrimitives.ReadInt32BigEndian(message.Span[8..]);
            if (request.BeginFill(BinaryPrimitives.ReadInt64BigEndian(message.Span), lengthBytes) is not { } hole) return;
            hole.Span.Clear();
            request.EndFill();
        }
        else if (type == ChunkBlockStatus && message.Length >= 4)
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(message.Span) != contextId) return;
            for (var status = message.Span[4..]; status.Length >= 8; status = status[8..])
                request.AddStatus(new NbdStatus(BinaryPrimitives.ReadUInt32BigEndian(status), BinaryPrimitives.ReadUInt32BigEndian(status[4..])));
        }
        else if (type != ChunkNone)
        {
            throw new NbdException($"a reply chunk of unknown type {type} and {message.Length} bytes");
        }
    }

    private static NbdException Refusal(NbdRequest request, ReadOnlySpan<byte> message)
    {
        var number = message.Length >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(message) : 0;
        var textBytes = message.Length >= 6 ? Math.Min(BinaryPrimitives.ReadUInt16BigEndian(message[4..]), message.Length - 6) : 0;
        var text = textBytes > 0 ? Encoding.UTF8.GetString(message.Slice(6, textBytes)) : "no reason given";
        return new NbdException($"the server refused {request.LengthBytes} bytes at {request.OffsetBytes} (error {number}): {text}");
    }

    private Memory<byte> Scratch(int lengthBytes)
    {
        if (_scratch.Length < lengthBytes) _scratch = new byte[lengthBytes];
        return _scratch.AsMemory(0, lengthBytes);
    }
}
