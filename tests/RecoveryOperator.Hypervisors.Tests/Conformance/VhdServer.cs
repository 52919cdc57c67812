using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>Serves disks as fixed VHDs over HTTP with byte ranges, as a page blob's snapshot is read; anything without the token is refused.</summary>
public sealed class VhdServer : IAsyncDisposable
{
    private const int FooterBytes = 512;
    private const string Token = "sv=2026-01-01&sig=a%2Bb%2Fc%3D";
    private readonly HttpListener _listener = new();
    private readonly IReadOnlyList<byte[]> _disks;
    private readonly IPAddress _address;
    private readonly int _port;
    private readonly Task _serving;
    private volatile bool _away;
    private IReadOnlyList<byte[]> _sums = [];
    private int _requests;

    private VhdServer(IPAddress address, int port, IReadOnlyList<byte[]> disks)
    {
        (_address, _port, _disks) = (address, port, disks);
        _listener.Prefixes.Add($"http://*:{port}/");
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    /// <summary>Refuses everything while set, as a vault that is away.</summary>
    public bool IsAway
    {
        get => _away;
        set => _away = value;
    }

    /// <summary>Requests so far.</summary>
    public int Requests => _requests;

    /// <summary>What requests for checksum tables are answered with instead; 0: with the tables.</summary>
    public int SumsStatus { get; set; }

    /// <summary>How long each answer is held back; null: not at all. Answers then overtake each other.</summary>
    public Func<TimeSpan>? Latency { get; set; }

    public static VhdServer Start(IPAddress address, params IReadOnlyList<byte[]> disks)
    {
        using var probe = new TcpListener(IPAddress.Any, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        return new VhdServer(address, port, disks);
    }

    /// <summary>The disks as a replica request names them.</summary>
    public IReadOnlyList<ReplicaDisk> ReplicaDisks() => [.. _disks.Select((disk, index) => new ReplicaDisk(
        index,
        disk.Length,
        new Uri($"http://{_address}:{_port}/account/container/disk-{index}.vhd?snapshot=2026-01-02T03%3A04%3A05.0000000Z&{Token}")))];

    /// <summary>The same, with the checksum tables of what the disks hold now: what is changed in them later is damage.</summary>
    public IReadOnlyList<ReplicaDisk> ComparedDisks()
    {
        _sums = [.. _disks.Select(SumsOf)];
        return [.. ReplicaDisks().Select(disk => disk with { SumsUri = new Uri(disk.SnapshotUri.AbsoluteUri.Replace("container/", "log/sums/", StringComparison.Ordinal).Replace(".vhd", ".sum", StringComparison.Ordinal)) })];
    }

    private static byte[] SumsOf(byte[] disk)
    {
        var sums = new byte[BlockSize.Count(disk.Length) * BlockChecksum.LengthBytes];
        BlockChecksum.ComputeAll(disk, sums);
        for (var block = 0; block * BlockSize.Bytes < disk.Length; block++)
        {
            var content = disk.AsSpan(block * BlockSize.Bytes, Math.Min(BlockSize.Bytes, disk.Length - (block * BlockSize.Bytes)));
            if (BlockChecksum.IsZero(content)) sums.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes).Clear();
        }

        return sums;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                Interlocked.Increment(ref _requests);
                var answer = AnswerAsync(context.Request, context.Response);
                if (Latency is null) await answer;
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException or SocketException)
            {
                TestContext.Current.SendDiagnosticMessage($"blob reader gone or server stopped: {error.Message}");
            }
        }
    }

    private async Task AnswerAsync(HttpListenerRequest request, HttpListenerResponse response)
    {
        using var _ = response;
        if (Latency is { } latency) await Task.Delay(latency());
        if (_away)
        {
            response.StatusCode = 503;
            return;
        }

        if (!request.Url!.Query.EndsWith(Token, StringComparison.Ordinal))
        {
            response.StatusCode = 403;
            return;
        }

        var name = Path.GetFileNameWithoutExtension(request.Url.AbsolutePath);
        var isTable = request.Url.AbsolutePath.EndsWith(".sum", StringComparison.Ordinal);
        if (isTable && SumsStatus != 0)
        {
            response.StatusCode = SumsStatus;
            return;
        }

        var disk = (isTable ? _sums : _disks)[int.Parse(name["disk-".Length..], CultureInfo.InvariantCulture)];
        long total = disk.Length + (isTable ? 0 : FooterBytes);
        var (start, end) = (0L, total);
        if (request.Headers["Range"] is { } range)
        {
            var bounds = range["bytes=".Length..].Split('-');
            start = long.Parse(bounds[0], CultureInfo.InvariantCulture);
            end = bounds[1].Length == 0 ? total : Math.Min(total, long.Parse(bounds[1], CultureInfo.InvariantCulture) + 1);
            response.StatusCode = 206;
            response.Headers["Content-Range"] = $"bytes {start}-{end - 1}/{total}";
        }

        response.Headers["Accept-Ranges"] = "bytes";
        response.ContentLength64 = end - start;
        if (request.HttpMethod == "HEAD") return;
        await response.OutputStream.WriteAsync(Part(disk, start, end));
    }

    /// <summary>The footer is 0xfe: a reader that takes it for disk content is found out.</summary>
    private static byte[] Part(byte[] disk, long start, long end)
    {
        var part = new byte[end - start];
        part.AsSpan().Fill(0xfe);
        if (start < disk.Length) disk.AsSpan((int)start, (int)(Math.Min(end, disk.Length) - start)).CopyTo(part);
        return part;
    }
}
