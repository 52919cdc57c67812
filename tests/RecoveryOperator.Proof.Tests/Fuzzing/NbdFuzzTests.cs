using System.Buffers.Binary;
using System.Text;
using RecoveryOperator.Hypervisors.Nbd;
using static RecoveryOperator.Hypervisors.Nbd.NbdProtocol;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>What a hostile or broken NBD server answers.</summary>
public sealed class NbdFuzzTests(ITestOutputHelper output)
{
    private const string Context = "qemu:dirty-bitmap:x";
    private const uint ContextId = 7;
    private const int ReadBytes = 4096;
    private const int Cases = 6_000;

    private static readonly byte[] Handshake =
    [
        .. Big(Magic), .. Big(OptionMagic), 0, 3,
        .. OptionReply(OptionStructuredReply, ReplyAck, []),
        .. OptionReply(OptionSetMetaContext, ReplyMetaContext, [.. Big(ContextId), .. Encoding.UTF8.GetBytes(Context)]),
        .. OptionReply(OptionSetMetaContext, ReplyAck, []),
        .. OptionReply(OptionGo, ReplyInfo, [0, 0, .. Big(1UL << 30), 0, 0]),
        .. OptionReply(OptionGo, ReplyAck, []),
    ];

    private static readonly byte[][] Replies =
    [
        [
            .. Chunk(0, ChunkOffsetData, 1, [.. Big(0UL), .. new byte[1024]]), .. Chunk(0, ChunkOffsetHole, 1, [.. Big(1024UL), .. Big(1024U)]),
            .. Chunk(ChunkDone, ChunkOffsetData, 1, [.. Big(2048UL), .. new byte[2048]]),
            .. Chunk(ChunkDone, ChunkBlockStatus, 2, [.. Big(ContextId), .. Big(1U << 20), .. Big(1U)]),
        ],
        [
            .. Chunk(ChunkDone, ChunkOffsetHole, 1, [.. Big(0UL), .. Big((uint)ReadBytes)]),
            .. Chunk(0, ChunkBlockStatus, 2, [.. Big(ContextId), .. Big(65536U), .. Big(1U), .. Big(65536U), .. Big(0U)]), .. Chunk(ChunkDone, ChunkNone, 2, []),
        ],
        [.. Chunk(ChunkDone, ChunkErrorBit | 1, 1, [.. Big(5U), 0, 2, 111, 107]), .. Chunk(ChunkDone, ChunkBlockStatus, 2, [.. Big(ContextId), .. Big(512U), .. Big(2U)])],
    ];

    [Fact]
    public Task A_handshake_of_a_server_that_lies() => new Fuzzer(
        new FuzzTarget(
            "NBD handshake",
            random => new Mutator(random, [Handshake]).Next(),
            bytes =>
            {
                NbdExport export = Finished(new NbdHandshake(new Script(bytes), "disk", Context).RunAsync(CancellationToken.None));
                Assert.True(export.SizeBytes >= 0, $"an export of {export.SizeBytes} bytes");
            },
            error => error is EndOfStreamException || (error is NbdException && error.Message.Contains("export disk", StringComparison.Ordinal)))
        {
            AllowedBytes = LargestMessageBytes + (512 * 1024),
        },
        [Handshake],
        output).RunAsync(Cases, 0.05);

    [Fact]
    public Task Replies_of_a_server_that_lies() => new Fuzzer(
        new FuzzTarget("NBD replies", random => new Mutator(random, Replies).Next(), Receive, error => error is EndOfStreamException or NbdException)
        {
            AllowedBytes = LargestMessageBytes + (512 * 1024),
        },
        Replies,
        output).RunAsync(Cases, 0.05);

    [Fact]
    public void A_read_that_was_answered_twice_in_one_place_and_never_in_another_is_not_complete()
    {
        NbdRequest request = new(CommandRead, 0, ReadBytes, new byte[ReadBytes]);
        byte[] half = [.. Big(0UL), .. new byte[ReadBytes / 2]];

        Assert.Throws<NbdException>(() => ReceiveAll([.. Chunk(0, ChunkOffsetData, 1, half), .. Chunk(ChunkDone, ChunkOffsetData, 1, half)], request));
    }

    [Fact]
    public void Data_in_answer_to_a_question_for_the_state_is_refused_before_room_is_made_for_it()
    {
        NbdRequest request = new(CommandBlockStatus, 0, 1 << 30, default);

        Assert.Throws<NbdException>(() => ReceiveAll(Chunk(0, ChunkOffsetData, 1, [.. Big(0UL), .. new byte[1024]]), request));
    }

    [Fact]
    public void More_states_than_the_range_can_have_are_refused()
    {
        NbdRequest request = new(CommandBlockStatus, 0, 1024, default);
        byte[] chunk = Chunk(0, ChunkBlockStatus, 1, [.. Big(ContextId), .. Big(1024U), .. Big(1U)]);

        Assert.Throws<NbdException>(() => ReceiveAll([.. chunk, .. chunk], request));
    }

    [Fact]
    public void A_state_of_no_length_is_refused()
    {
        NbdRequest request = new(CommandBlockStatus, 0, 1024, default);

        Assert.Throws<NbdException>(() => ReceiveAll(Chunk(ChunkDone, ChunkBlockStatus, 1, [.. Big(ContextId), .. Big(512U), .. Big(1U), .. Big(0U), .. Big(1U)]), request));
    }

    [Fact]
    public async Task An_option_that_is_answered_without_end_is_given_up()
    {
        byte[] reply = OptionReply(OptionStructuredReply, ReplyInfo, []);
        byte[] endless = [.. Handshake[..18], .. Enumerable.Repeat(reply, 5000).SelectMany(bytes => bytes)];

        await Assert.ThrowsAsync<NbdException>(() => new NbdHandshake(new Script(endless), "disk", Context).RunAsync(TestContext.Current.CancellationToken));
    }

    private static void Receive(byte[] bytes)
    {
        byte[] buffer = new byte[ReadBytes];
        Dictionary<ulong, NbdRequest> pending = new()
        {
            [1] = new NbdRequest(CommandRead, 0, ReadBytes, buffer),
            [2] = new NbdRequest(CommandBlockStatus, 0, 1 << 20, default),
        };
        NbdReceiver receiver = new(new Script(bytes), ContextId);
        while (pending.Count > 0)
        {
            (ulong cookie, bool isLast) = Finished(receiver
                .ReceiveAsync(id => pending.TryGetValue(id, out NbdRequest? request) ? request : throw new NbdException($"unknown request {id}"), CancellationToken.None)
                .AsTask());
            if (!isLast)
                continue;
            pending.Remove(cookie, out NbdRequest? ended);
            bool isRefused = ended!.Error is not null;
            ended.Complete(null);
            if (!isRefused)
                Finished(AsResult(ended.WaitAsync(CancellationToken.None)));
        }
    }

    private static void ReceiveAll(byte[] bytes, NbdRequest request)
    {
        NbdReceiver receiver = new(new Script(bytes), ContextId);
        while (!Finished(receiver.ReceiveAsync(_ => request, CancellationToken.None).AsTask()).IsLast)
        {
        }

        request.Complete(null);
        Finished(AsResult(request.WaitAsync(CancellationToken.None)));
    }

    private static async Task<int> AsResult(Task task)
    {
        await task;
        return 0;
    }

    /// <summary>A script answers at once, so nothing may be waited for.</summary>
    private static T Finished<T>(Task<T> task)
    {
        Assert.True(task.IsCompleted, "it waits for something");
        return task.GetAwaiter().GetResult();
    }

    private static byte[] OptionReply(uint option, uint type, byte[] body) => [.. Big(OptionReplyMagic), .. Big(option), .. Big(type), .. Big((uint)body.Length), .. body];

    private static byte[] Chunk(ushort flags, ushort type, ulong cookie, byte[] body) =>
        [.. Big(StructuredReplyMagic), (byte)(flags >> 8), (byte)flags, (byte)(type >> 8), (byte)type, .. Big(cookie), .. Big((uint)body.Length), .. body];

    private static byte[] Big(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Big(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
