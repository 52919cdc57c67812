using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Hypervisors.Tests.Conformance;
using RecoveryOperator.Hypervisors.Tests.Images;
using RecoveryOperator.Hypervisors.VaultDisks;

namespace RecoveryOperator.Hypervisors.Tests.VaultDisks;

public sealed class VaultDiskTests : IDisposable
{
    private const int DiskBytes = (5 << 20) + 4096;
    private readonly VaultTurns _turns = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _turns.Dispose();

    [Fact]
    public async Task Any_range_is_what_the_disk_has_there()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var content = VaultServingTests.Counters(DiskBytes);
        await using var vault = VhdServer.Start(IPAddress.Loopback, content);
        var disk = Disk(new SocketsHttpHandler(), vault.ReplicaDisks()[0], TimeProvider.System);

        for (var read = 0; read < 300; read++)
        {
            var offset = random.Next(DiskBytes - 1);
            var length = random.Next(1, Math.Min(2 << 20, DiskBytes - offset) + 1);
            var pieces = await disk.ReadAsync(offset, length, Cancellation);

            Assert.True(content.AsSpan(offset, length).SequenceEqual(pieces.SelectMany(piece => piece.ToArray()).ToArray()), $"{length} bytes at {offset} are others");
        }
    }

    /// <summary>256 KiB in 4 min: nothing is wrong with a line that always gives something.</summary>
    [Fact]
    public async Task A_slow_line_is_waited_for_as_long_as_something_arrives()
    {
        using var handler = new FailingHandler((_, request) => Part(request, new DrippingStream(VaultDisk.ChunkBytes, 4096, () => _time.Advance(TimeSpan.FromSeconds(4)))));
        var reader = new VaultDiskReader(new HttpClient(handler), _time, NullLogger.Instance);
        var content = new byte[VaultDisk.ChunkBytes];

        await reader.ReadAsync(Somewhere(), 0, content, new VaultPatience(0, TimeSpan.Zero, TimeSpan.FromSeconds(5)), Cancellation);

        Assert.All(content, value => Assert.Equal(7, value));
    }

    [Fact]
    public async Task A_line_that_gives_nothing_any_more_is_given_up()
    {
        using var handler = new FailingHandler((_, request) => Part(request, new DrippingStream(VaultDisk.ChunkBytes, 4096, () => _time.Advance(TimeSpan.FromSeconds(6)))));
        var reader = new VaultDiskReader(new HttpClient(handler), _time, NullLogger.Instance);

        var error = await Assert.ThrowsAsync<HypervisorException>(() =>
            reader.ReadAsync(Somewhere(), 0, new byte[VaultDisk.ChunkBytes], new VaultPatience(0, TimeSpan.Zero, TimeSpan.FromSeconds(5)), Cancellation));

        Assert.Equal(HypervisorFault.Transient, error.Fault);
    }

    /// <summary>Also those that wait for their turn, behind requests that hang.</summary>
    [Fact]
    public async Task Every_read_is_answered_before_the_guest_gives_up_by_itself()
    {
        using var handler = new HangingHandler();
        var disk = Disk(handler, Somewhere(), _time);

        var reads = Enumerable.Range(0, 16).Select(read => disk.ReadAsync(read * (DiskBytes / 16), DiskBytes / 16, Cancellation)).ToList();
        _time.Advance(VaultDisk.ReadLimit);

        foreach (var read in reads) Assert.Equal(HypervisorFault.Transient, (await Assert.ThrowsAsync<HypervisorException>(() => read)).Fault);
        Assert.True(VaultDisk.ReadLimit < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_disk_has_only_a_share_of_an_accounts_turns_and_an_account_none_of_anothers()
    {
        var (one, two, elsewhere) = (new Uri("http://a/one"), new Uri("http://a/two"), new Uri("http://b/one"));
        var held = new List<IDisposable>();
        for (var turn = 0; turn < VaultTurns.OfDisk; turn++) held.Add(await _turns.TakeAsync(one, Cancellation));
        var next = _turns.TakeAsync(one, Cancellation);
        for (var turn = 0; turn < VaultTurns.OfAccount - VaultTurns.OfDisk; turn++) await _turns.TakeAsync(two, Cancellation);

        Assert.False(next.IsCompleted);
        Assert.True(_turns.TakeAsync(elsewhere, Cancellation).IsCompletedSuccessfully);
        held[0].Dispose();
        await next;
    }

    private VaultDisk Disk(HttpMessageHandler handler, ReplicaDisk disk, TimeProvider time)
    {
        var reader = new VaultDiskReader(new HttpClient(handler), time, NullLogger.Instance);
        return new VaultDisk(
            disk,
            new VaultWay(reader, reader, new ChunkCache(1 << 20), VaultDisk.Reading, _turns, time, Cancellation),
            new ChunkCache(1 << 20),
            new DiskReads("machine", "vda", "now", NullLogger.Instance),
            new ReadingReport("disk", NullLogger.Instance));
    }

    private static ReplicaDisk Somewhere() => new(0, DiskBytes, new Uri("http://vault.invalid/account/container/disk-0.vhd?sig=x"));

    private static HttpResponseMessage Part(HttpRequestMessage request, Stream body)
    {
        var range = request.Headers.Range!.Ranges.Single();
        var response = new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = new StreamContent(body) };
        response.Content.Headers.ContentRange = new(range.From!.Value, range.To!.Value);
        return response;
    }

    private sealed class HangingHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException("it hangs for ever");
        }
    }

    /// <summary>Sevens, a piece at a time.</summary>
    private sealed class DrippingStream(int lengthBytes, int pieceBytes, Action before) : MemoryStream(Enumerable.Repeat((byte)7, lengthBytes).ToArray())
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            before();
            return base.ReadAsync(buffer[..Math.Min(pieceBytes, buffer.Length)], cancellationToken);
        }
    }
}
