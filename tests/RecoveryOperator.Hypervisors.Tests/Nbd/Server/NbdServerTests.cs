using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Hypervisors.Nbd;
using RecoveryOperator.Hypervisors.Nbd.Server;

namespace RecoveryOperator.Hypervisors.Tests.Nbd.Server;

/// <summary>What a client may send that is not as it should be. The numbers are of NBD's specification.</summary>
public sealed class NbdServerTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ro-nbd").FullName;
    private readonly Export _export = new();
    private NbdServer? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string SocketPath => Path.Combine(_folder, "s");

    public ValueTask InitializeAsync()
    {
        _server = NbdServer.Start(SocketPath, _ => { }, name => name == "disk" ? _export : null, TimeProvider.System, NullLogger.Instance);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("00000000")]
    [InlineData("00000003 4E455645524D494E44")]
    [InlineData("00000003 49484156454F5054 00000007 7FFFFFFF")]
    [InlineData("FFFFFFFF")]
    public async Task A_client_that_does_not_speak_NBD_is_hung_up_on_and_the_next_is_served(string hex)
    {
        await using (var wrong = await ConnectAsync())
        {
            await wrong.WriteAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal) + new string('0', 64)), Cancellation);
            Assert.True(await EndsAsync(wrong), "the server did not hang up");
        }

        await using var right = await OpenAsync();
        Assert.Equal(0u, (await ReadAsync(right, 0, 512)).Error);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 512)]
    [InlineData(0, (2 << 20) + 1)]
    [InlineData(Export.Size - 511, 512)]
    [InlineData(long.MaxValue, 512)]
    [InlineData(0, int.MaxValue)]
    public async Task A_read_that_cannot_be_is_an_error_and_the_session_goes_on(long offset, int length)
    {
        await using var client = await OpenAsync();

        Assert.Equal(NbdProtocol.ErrorInvalid, (await ReadAsync(client, offset, length)).Error);
        var right = await ReadAsync(client, Export.Size - 512, 512);
        Assert.Equal((0u, (byte)((Export.Size - 1) % 251)), (right.Error, right.Content[^1]));
    }

    [Fact]
    public async Task A_read_that_fails_is_an_error_of_its_own_and_the_others_are_answered()
    {
        await using var client = await OpenAsync();
        _export.Failing = 4096;

        Assert.Equal(NbdProtocol.ErrorIO, (await ReadAsync(client, 4096, 512)).Error);
        Assert.Equal(0u, (await ReadAsync(client, 0, 512)).Error);
    }

    /// <summary>The client would wait for ever for a read that nobody answers.</summary>
    [Fact]
    public async Task A_read_that_breaks_within_the_server_ends_the_connection()
    {
        await using var client = await OpenAsync();
        _export.Breaking = 4096;
        await SendAsync(client, NbdProtocol.CommandRead, 4096, 512);

        Assert.True(await EndsAsync(client), "the server did not hang up");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task An_export_that_gives_another_length_than_was_asked_for_ends_the_connection(int more)
    {
        await using var client = await OpenAsync();
        _export.More = more;
        await SendAsync(client, NbdProtocol.CommandRead, 0, 512);

        Assert.True(await EndsAsync(client), "the server did not hang up");
    }

    /// <summary>What the socket's folder may hold does not matter: nobody can put a link where it will be.</summary>
    [Fact]
    public void Only_the_sockets_owner_may_connect_and_nothing_else_is_left_in_its_folder()
    {
        Assert.Equal([SocketPath], Directory.GetFileSystemEntries(_folder));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
    }

    [Fact]
    public async Task A_client_that_writes_is_hung_up_on()
    {
        await using var client = await OpenAsync();
        await SendAsync(client, NbdProtocol.CommandWrite, 0, 512);

        Assert.True(await EndsAsync(client), "the server did not hang up");
    }

    [Fact]
    public async Task Other_commands_are_refused_one_by_one()
    {
        await using var client = await OpenAsync();
        foreach (var command in new ushort[] { 3, 4, 6, 7, 99 })
        {
            await SendAsync(client, command, 0, 512);
            Assert.Equal(NbdProtocol.ErrorInvalid, (await ReplyAsync(client, 512)).Error);
        }
    }

    [Fact]
    public async Task A_client_of_the_older_kind_is_served()
    {
        await using var client = await ConnectAsync();
        await client.WriteAsync(Convert.FromHexString("00000001" + "49484156454F5054" + "00000001" + "00000004" + Convert.ToHexString("disk"u8)), Cancellation);
        var answer = new byte[8 + 2 + 124];
        await client.ReadExactlyAsync(answer, Cancellation);

        Assert.Equal(Export.Size, BinaryPrimitives.ReadInt64BigEndian(answer));
        Assert.Equal(0u, (await ReadAsync(client, 0, 512)).Error);
    }

    private async Task<NetworkStream> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), Cancellation);
        var stream = new NetworkStream(socket, ownsSocket: true);
        await stream.ReadExactlyAsync(new byte[18], Cancellation);
        return stream;
    }

    private async Task<NetworkStream> OpenAsync()
    {
        var stream = await ConnectAsync();
        var name = Encoding.ASCII.GetBytes("disk");
        await stream.WriteAsync(Convert.FromHexString("00000003" + "49484156454F5054" + "00000007" + "0000000A" + "00000004" + Convert.ToHexString(name) + "0000"), Cancellation);
        await stream.ReadExactlyAsync(new byte[20 + 12 + 20 + 14 + 20], Cancellation);
        return stream;
    }

    private static async Task<(uint Error, byte[] Content)> ReadAsync(NetworkStream client, long offset, int length)
    {
        await SendAsync(client, NbdProtocol.CommandRead, offset, length);
        return await ReplyAsync(client, length);
    }

    private static async Task SendAsync(NetworkStream client, ushort command, long offset, int length)
    {
        var request = new byte[NbdProtocol.RequestBytes];
        BinaryPrimitives.WriteUInt32BigEndian(request, NbdProtocol.RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(6), command);
        BinaryPrimitives.WriteInt64BigEndian(request.AsSpan(16), offset);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(24), length);
        await client.WriteAsync(request, Cancellation);
    }

    private static async Task<(uint Error, byte[] Content)> ReplyAsync(NetworkStream client, int length)
    {
        var header = new byte[NbdProtocol.SimpleReplyBytes];
        await client.ReadExactlyAsync(header, Cancellation);
        Assert.Equal(NbdProtocol.SimpleReplyMagic, BinaryPrimitives.ReadUInt32BigEndian(header));
        var error = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
        var content = new byte[error == 0 ? length : 0];
        await client.ReadExactlyAsync(content, Cancellation);
        return (error, content);
    }

    private static async Task<bool> EndsAsync(NetworkStream client)
    {
        try
        {
            return await client.ReadAsync(new byte[1], Cancellation) == 0;
        }
        catch (IOException error)
        {
            return error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset };
        }
    }

    private sealed class Export : INbdExport
    {
        public const long Size = 1 << 20;

        public long Failing { get; set; } = -1;

        public long Breaking { get; set; } = -1;

        public int More { get; set; }

        public long SizeBytes => Size;

        public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(long offsetBytes, int lengthBytes, CancellationToken cancellationToken)
        {
            if (offsetBytes == Failing) throw new HypervisorException(HypervisorFault.Transient, "The vault is away.", "Wait.");
            if (offsetBytes == Breaking) throw new InvalidOperationException("a mistake in the server");
            return Task.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>([Enumerable.Range(0, lengthBytes + More).Select(index => (byte)((offsetBytes + index) % 251)).ToArray()]);
        }
    }
}
