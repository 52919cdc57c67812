using System.Buffers.Binary;
using System.Text;
using static RecoveryOperator.Hypervisors.Nbd.NbdProtocol;

namespace RecoveryOperator.Hypervisors.Nbd.Server;

/// <summary>
/// The server's side of the fixed newstyle handshake. Neither structured replies nor metadata contexts are offered: a client that asks for them is told, and goes on
/// without.
/// </summary>
/// <param name="stream">The connection.</param>
/// <param name="find">The export of a name; null: there is none.</param>
/// <param name="time">The clock.</param>
internal sealed class ServerHandshake(Stream stream, Func<string, INbdExport?> find, TimeProvider time)
{
    /// <summary>Names have at most 4096 bytes; lists of wanted facts come on top.</summary>
    private const int LongestOptionBytes = 8192;

    /// <summary>The client says the next thing within so long. Opening an export is not the client's to do, and has a limit of its own.</summary>
    private static readonly TimeSpan SayLimit = TimeSpan.FromSeconds(10);

    private const int MostOptions = 16;
    private const int LongestShownName = 64;
    private const uint SmallestBlockBytes = 1;
    private const uint PreferredBlockBytes = 4096;
    private const int OldReplyPaddingBytes = 124;

    /// <summary>Agrees on an export; null when the client went away in order.</summary>
    /// <exception cref="NbdException">The client does not speak NBD.</exception>
    public async Task<(string Name, INbdExport Export)?> RunAsync(CancellationToken cancellationToken)
    {
        var greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, Magic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), FlagFixedNewstyle | FlagNoZeroes);
        await stream.WriteAsync(greeting, cancellationToken).ConfigureAwait(false);
        var flags = BinaryPrimitives.ReadUInt32BigEndian(await ReadAsync(4, cancellationToken).ConfigureAwait(false));
        if ((flags & ~(ClientFixedNewstyle | ClientNoZeroes)) != 0) throw new NbdException($"the client wants what was not offered (0x{flags:x})");
        for (var options = 0; options < MostOptions; options++)
        {
            var (option, data) = await NextAsync(cancellationToken).ConfigureAwait(false);
            switch (option)
            {
                case OptionAbort:
                    await ReplyAsync(option, ReplyAck, [], cancellationToken).ConfigureAwait(false);
                    return null;
                case OptionExportName:
                    return await OldGoAsync(Encoding.UTF8.GetString(data), (flags & ClientNoZeroes) == 0, cancellationToken).ConfigureAwait(false);
                case OptionGo or OptionInfo:
                    if (await GoAsync(option, data, cancellationToken).ConfigureAwait(false) is { } agreed && option == OptionGo) return agreed;
                    break;
                default:
                    await ReplyAsync(option, ReplyUnsupported, [], cancellationToken).ConfigureAwait(false);
                    break;
            }
        }

        throw new NbdException($"the client sent {MostOptions} options and chose no export");
    }

    private async Task<(uint Option, byte[] Data)> NextAsync(CancellationToken cancellationToken)
    {
        var header = await ReadAsync(16, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
        if (BinaryPrimitives.ReadUInt64BigEndian(header) != OptionMagic) throw new NbdException("the client's option is none of NBD's");
        if (length > LongestOptionBytes) throw new NbdException($"the client's option has {length} bytes");
        return (BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8)), await ReadAsync((int)length, cancellationToken).ConfigureAwait(false));
    }

    private async Task<(string Name, INbdExport Export)?> GoAsync(uint option, byte[] data, CancellationToken cancellationToken)
    {
        var length = data.Length < 6 ? uint.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(data);
        if (length > data.Length - 6)
        {
            await ReplyAsync(option, ReplyInvalid, "the option is cut off"u8.ToArray(), cancellationToken).ConfigureAwait(false);
            return null;
        }

        var name = Encoding.UTF8.GetString(data.AsSpan(4, (int)length));
        if (find(name) is not { } export)
        {
            await ReplyAsync(option, ReplyUnknown, Encoding.UTF8.GetBytes($"there is no disk {name} here: bring back its file in the agent's folder of grants, or recover the machine again"), cancellationToken).ConfigureAwait(false);
            return null;
        }

        try
        {
            await export.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (HypervisorException error)
        {
            await ReplyAsync(option, ReplyUnknown, Encoding.UTF8.GetBytes($"{error.Message} {error.Remedy}"), cancellationToken).ConfigureAwait(false);
            return null;
        }

        await ReplyAsync(option, ReplyInfo, ExportInfo(export), cancellationToken).ConfigureAwait(false);
        await ReplyAsync(option, ReplyInfo, BlockSizeInfo(), cancellationToken).ConfigureAwait(false);
        await ReplyAsync(option, ReplyAck, [], cancellationToken).ConfigureAwait(false);
        return (name, export);
    }

    /// <summary>The older way, which knows no refusal but the end of the connection.</summary>
    private async Task<(string Name, INbdExport Export)> OldGoAsync(string name, bool padded, CancellationToken cancellationToken)
    {
        var export = find(name) ?? throw new NbdException($"the client asked for disk {(name.Length > LongestShownName ? name[..LongestShownName] : name)}, which is not here");
        var answer = new byte[10 + (padded ? OldReplyPaddingBytes : 0)];
        BinaryPrimitives.WriteInt64BigEndian(answer, export.SizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(8), ReadOnlyExport);
        await stream.WriteAsync(answer, cancellationToken).ConfigureAwait(false);
        return (name, export);
    }

    private static byte[] ExportInfo(INbdExport export)
    {
        var info = new byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(info, InfoExport);
        BinaryPrimitives.WriteInt64BigEndian(info.AsSpan(2), export.SizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(info.AsSpan(10), ReadOnlyExport);
        return info;
    }

    private static byte[] BlockSizeInfo()
    {
        var info = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(info, InfoBlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(2), SmallestBlockBytes);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(6), PreferredBlockBytes);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(10), NbdSession.LargestReadBytes);
        return info;
    }

    private async Task ReplyAsync(uint option, uint type, byte[] data, CancellationToken cancellationToken)
    {
        var reply = new byte[20 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(reply, OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(12), type);
        BinaryPrimitives.WriteInt32BigEndian(reply.AsSpan(16), data.Length);
        data.CopyTo(reply, 20);
        await stream.WriteAsync(reply, cancellationToken).ConfigureAwait(false);
    }

    private async Task<byte[]> ReadAsync(int lengthBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[lengthBytes];
        using var limit = new CancellationTokenSource(SayLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await stream.ReadExactlyAsync(buffer, either.Token).ConfigureAwait(false);
        return buffer;
    }
}
