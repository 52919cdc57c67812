using System.Buffers.Binary;
using System.Text;
using static RecoveryOperator.Hypervisors.Nbd.NbdProtocol;

namespace RecoveryOperator.Hypervisors.Nbd;

/// <summary>What was agreed with a server about one export.</summary>
/// <param name="SizeBytes">Size of the export.</param>
/// <param name="ContextId">Id under which the asked metadata context is reported.</param>
internal sealed record NbdExport(long SizeBytes, uint ContextId);

/// <summary>The fixed newstyle handshake: structured replies, one metadata context, then the export.</summary>
internal sealed class NbdHandshake(Stream stream, string export, string context)
{
    private const int MostReplies = 1024;

    public async Task<NbdExport> RunAsync(CancellationToken cancellationToken)
    {
        var greeting = await ReadAsync(18, cancellationToken).ConfigureAwait(false);
        if (BinaryPrimitives.ReadUInt64BigEndian(greeting) != Magic || BinaryPrimitives.ReadUInt64BigEndian(greeting.AsSpan(8)) != OptionMagic)
            throw Broken("the greeting is not NBD's");
        if ((BinaryPrimitives.ReadUInt16BigEndian(greeting.AsSpan(16)) & FlagFixedNewstyle) == 0) throw Broken("the server does not speak fixed newstyle");
        var flags = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(flags, ClientFixedNewstyle | ClientNoZeroes);
        await stream.WriteAsync(flags, cancellationToken).ConfigureAwait(false);

        await AskAsync(OptionStructuredReply, [], _ => { }, cancellationToken).ConfigureAwait(false);
        var contextId = await AskMetaContextAsync(cancellationToken).ConfigureAwait(false);
        var sizeBytes = await AskExportAsync(cancellationToken).ConfigureAwait(false);
        return new NbdExport(sizeBytes, contextId);
    }

    private async Task<uint> AskMetaContextAsync(CancellationToken cancellationToken)
    {
        uint? id = null;
        byte[] request = [.. Text(export), .. Number(1), .. Text(context)];
        await AskAsync(
            OptionSetMetaContext,
            request,
            reply =>
            {
                if (reply.Type == ReplyMetaContext && reply.Body.Length >= 4 && Encoding.UTF8.GetString(reply.Body.AsSpan(4)) == context)
                    id = BinaryPrimitives.ReadUInt32BigEndian(reply.Body);
            },
            cancellationToken).ConfigureAwait(false);
        return id ?? throw Broken($"the server has no metadata context {context}");
    }

    private async Task<long> AskExportAsync(CancellationToken cancellationToken)
    {
        long? sizeBytes = null;
        byte[] request = [.. Text(export), 0, 0];
        await AskAsync(
            OptionGo,
            request,
            reply =>
            {
                if (reply.Type == ReplyInfo && reply.Body.Length >= 12 && BinaryPrimitives.ReadUInt16BigEndian(reply.Body) == InfoExport)
                    sizeBytes = BinaryPrimitives.ReadInt64BigEndian(reply.Body.AsSpan(2));
            },
            cancellationToken).ConfigureAwait(false);
        return sizeBytes is null or >= 0
            ? sizeBytes ?? throw Broken("the server did not say how large the export is")
            : throw Broken($"the server says that the export has {sizeBytes} bytes");
    }

    /// <summary>Sends an option and hands every reply to <paramref name="onReply"/> until the server acknowledges.</summary>
    private async Task AskAsync(uint option, byte[] data, Action<(uint Type, byte[] Body)> onReply, CancellationToken cancellationToken)
    {
        var request = new byte[16 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(request, OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(8), option);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(12), data.Length);
        data.CopyTo(request, 16);
        await stream.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        for (var replies = 0; replies < MostReplies; replies++)
        {
            var header = await ReadAsync(20, cancellationToken).ConfigureAwait(false);
            var type = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
            var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(16));
            if (BinaryPrimitives.ReadUInt64BigEndian(header) != OptionReplyMagic || BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8)) != option)
                throw Broken($"the reply to option {option} is not one");
            if (length > LargestMessageBytes) throw Broken($"a reply of {length} bytes to option {option}");
            var body = await ReadAsync((int)length, cancellationToken).ConfigureAwait(false);
            if ((type & ReplyErrorBit) != 0) throw Broken($"option {option} was refused (0x{type:x}): {Encoding.UTF8.GetString(body)}");
            if (type == ReplyAck) return;
            onReply((type, body));
        }

        throw Broken($"option {option} was answered {MostReplies} times without an end");
    }

    private async Task<byte[]> ReadAsync(int lengthBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[lengthBytes];
        await stream.ReadExactlyAsync(buffer, cancellationToken).ConfigureAwait(false);
        return buffer;
    }

    private static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. Number(bytes.Length), .. bytes];
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private NbdException Broken(string what) => new($"NBD handshake for export {export}: {what}");
}
