using System.Diagnostics;
using System.Net.Sockets;
using RecoveryOperator.Hypervisors.Nbd;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Hypervisors.Tests.Nbd;

/// <summary>The client against QEMU's own server, qemu-nbd.</summary>
public sealed class NbdClientTests : IAsyncLifetime
{
    private const int SizeBytes = (24 << 20) + 512;
    private readonly string _folder = Directory.CreateTempSubdirectory("nbd").FullName;
    private readonly byte[] _content = new byte[SizeBytes];
    private Process? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string SocketPath => Path.Combine(_folder, "nbd.sock");

    public async ValueTask InitializeAsync()
    {
        Assert.True(File.Exists("/usr/bin/qemu-nbd"), "qemu-nbd is not installed: run eng/setup/packages.sh hypervisor");
        new Random(41).NextBytes(_content.AsSpan(8 << 20, 4 << 20));
        new Random(42).NextBytes(_content.AsSpan(SizeBytes - 512));
        var image = Path.Combine(_folder, "disk.raw");
        await using (var file = File.Create(image))
        {
            // Only the written parts are allocated: the rest is a hole.
            file.SetLength(SizeBytes);
            foreach (var (offset, length) in new[] { (8 << 20, 4 << 20), (SizeBytes - 512, 512) })
                await RandomAccess.WriteAsync(file.SafeFileHandle, _content.AsMemory(offset, length), offset, Cancellation);
        }

        _server = Process.Start("qemu-nbd", ["-r", "-t", "-f", "raw", "-x", "disk", "-k", SocketPath, image]);
        await Eventually.HoldsAsync(AnswersAsync, Cancellation);
    }

    /// <summary>The socket's file is there a moment before the server listens on it.</summary>
    private async Task<bool> AnswersAsync()
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), Cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            if (!_server.HasExited) _server.Kill();
            await _server.WaitForExitAsync(CancellationToken.None);
            _server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Many_reads_at_once_each_get_their_own_bytes()
    {
        await using var client = await ConnectAsync();
        var random = new Random(43);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => CheckAsync(client, random.Next(0, SizeBytes - 1), random.Next(1, 200_000))));

        Assert.Equal(SizeBytes, client.SizeBytes);
    }

    [Fact]
    public async Task A_read_larger_than_a_request_is_put_together()
    {
        await using var client = await ConnectAsync();

        await CheckAsync(client, 1, SizeBytes - 1);
    }

    [Fact]
    public async Task Block_status_covers_the_export_without_gaps_and_finds_the_data()
    {
        await using var client = await ConnectAsync();
        var data = 0L;
        var offset = 0L;
        while (offset < SizeBytes)
        {
            foreach (var status in await client.BlockStatusAsync(offset, Cancellation))
            {
                if ((status.Flags & NbdProtocol.StateZero) == 0) data += status.LengthBytes;
                offset += status.LengthBytes;
            }
        }

        Assert.Equal(SizeBytes, offset);
        Assert.InRange(data, (4 << 20) + 512, (4 << 20) + 65536);
    }

    [Fact]
    public async Task An_unknown_export_and_an_unknown_context_are_refused_by_name()
    {
        var export = await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(SocketPath, "other", NbdProtocol.BaseAllocation, 8, Cancellation));
        Assert.Contains("other", export.Message, StringComparison.Ordinal);
        var context = await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(SocketPath, "disk", "qemu:dirty-bitmap:none", 8, Cancellation));
        Assert.Contains("qemu:dirty-bitmap:none", context.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(SocketPath + ".absent", "disk", NbdProtocol.BaseAllocation, 8, Cancellation));
    }

    [Fact]
    public async Task A_dead_server_fails_the_reads_under_way_and_those_to_come()
    {
        await using var client = await ConnectAsync();
        _server!.Kill();
        await _server.WaitForExitAsync(Cancellation);

        await Assert.ThrowsAsync<NbdException>(async () => await client.ReadAsync(0, new byte[512], Cancellation));
        await Assert.ThrowsAsync<NbdException>(async () => await client.ReadAsync(512, new byte[512], Cancellation));
    }

    [Fact]
    public async Task Cancelled_reads_leave_the_connection_usable_and_their_buffers_alone()
    {
        await using var client = await ConnectAsync();
        var seed = new Random(44);
        for (var round = 0; round < 100; round++)
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var buffer = new byte[1 << 20];
            var read = client.ReadAsync(8 << 20, buffer, source.Token).AsTask();
            for (var spin = seed.Next(0, 2000); spin > 0; spin--) Thread.SpinWait(10);
            await source.CancelAsync();
            try
            {
                await read;
            }
            catch (OperationCanceledException)
            {
                // From here on the buffer is ours: whatever is still received must not go into it.
                buffer.AsSpan().Fill(0xee);
                await CheckAsync(client, 9 << 20, 65536);
                Assert.True(buffer.AsSpan().IndexOfAnyExcept((byte)0xee) < 0, $"round {round}: a cancelled read's buffer was written to");
            }
        }

        await CheckAsync(client, 8 << 20, 4 << 20);
    }

    [Fact]
    public async Task A_server_that_does_not_speak_the_protocol_is_an_error()
    {
        var path = Path.Combine(_folder, "fake.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var fake = Task.Run(
            async () =>
            {
                using var peer = await listener.AcceptAsync(Cancellation);
                await peer.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Cancellation);
            },
            Cancellation);

        await Assert.ThrowsAsync<NbdException>(() => NbdClient.ConnectAsync(path, "disk", NbdProtocol.BaseAllocation, 8, Cancellation));
        await fake;
    }

    private Task<NbdClient> ConnectAsync() => NbdClient.ConnectAsync(SocketPath, "disk", NbdProtocol.BaseAllocation, 8, Cancellation);

    private async Task CheckAsync(NbdClient client, int offset, int wanted)
    {
        var length = Math.Min(wanted, SizeBytes - offset);
        var buffer = new byte[length];
        await client.ReadAsync(offset, buffer, Cancellation);
        Assert.True(buffer.AsSpan().SequenceEqual(_content.AsSpan(offset, length)), $"{length} bytes at {offset} differ");
    }
}
