using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Hypervisors.Tests.Conformance;
using RecoveryOperator.Hypervisors.VaultDisks;

namespace RecoveryOperator.Hypervisors.Tests.VaultDisks;

/// <summary>What is read of a disk in the vault is what the source read, or is not given.</summary>
public sealed class ComparedReadsTests : IAsyncDisposable
{
    private const int DiskBytes = (5 << 20) + 4096;
    private const int BadBlock = 9;
    private readonly byte[] _source = Source();
    private readonly byte[] _stored = Source();
    private readonly VaultTurns _turns = new();
    private readonly ChunkCache _tables = new(1 << 20);
    private readonly FakeTimeProvider _time = new();
    private readonly VhdServer _vault;
    private readonly DiskReads _reads = new("machine", "vda", "then", NullLogger.Instance);

    public ComparedReadsTests() => _vault = VhdServer.Start(IPAddress.Loopback, _stored);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _turns.Dispose();
        await _vault.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_the_reads_of_a_damaged_block_fail_and_without_a_table_they_give_it(bool hasTable)
    {
        var disk = Disk(hasTable ? Compared() : _vault.ReplicaDisks()[0]);
        Flip();

        for (var offset = 0; offset < DiskBytes; offset += 4096)
        {
            var length = Math.Min(4096, DiskBytes - offset);
            var isBad = offset / BlockSize.Bytes == BadBlock;
            if (isBad && hasTable)
            {
                await RefusedAsync(disk, offset, length);
                continue;
            }

            var read = await ReadAsync(disk, offset, length);
            Assert.Equal(isBad && offset % BlockSize.Bytes == 0, !Original(offset, length).AsSpan().SequenceEqual(read));
        }

        Assert.Equal((hasTable, hasTable ? 1 : 0, hasTable ? BadBlock * BlockSize.Bytes : null), Told());
    }

    [Fact]
    public async Task A_damaged_block_is_told_with_its_place_and_what_to_do_and_without_the_grant()
    {
        var disk = Disk(Compared());
        Flip();

        var error = await RefusedAsync(disk, (BadBlock * BlockSize.Bytes) + 512, 512);

        Assert.Contains($"Disk 0: the 64 KiB at {BadBlock * BlockSize.Bytes} are not what the source read", error.Message, StringComparison.Ordinal);
        Assert.Contains("snapshot 2026-01-02T03:04:05.0000000Z", error.Message, StringComparison.Ordinal);
        Assert.Contains("another point", error.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("sig", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_damaged_on_the_way_is_read_again_and_nobody_notices()
    {
        using var spoils = new SpoilingHandler(1);
        var disk = Disk(Compared(), spoils);

        var content = await ReadAsync(disk, BlockSize.Bytes, 100);

        Assert.True(spoils.Spoiled, "nothing was damaged");
        Assert.Equal(Original(BlockSize.Bytes, 100), content);
        Assert.Equal((true, 0, null), Told());
    }

    [Fact]
    public async Task A_block_that_is_right_again_is_given_and_not_called_damaged_any_more()
    {
        var disk = Disk(Compared());
        Flip();
        await RefusedAsync(disk, BadBlock * BlockSize.Bytes, 1);
        Assert.Equal((true, 1, BadBlock * BlockSize.Bytes), Told());
        Flip();

        Assert.Equal(Original(BadBlock * BlockSize.Bytes, 1), await ReadAsync(disk, BadBlock * BlockSize.Bytes, 1));

        Assert.Equal((true, 0, null), Told());
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, HypervisorFault.Transient)]
    [InlineData(HttpStatusCode.Forbidden, HypervisorFault.AccessDenied)]
    public async Task While_the_table_is_away_or_refused_nothing_is_given_and_reads_go_on_when_it_is_back(HttpStatusCode answer, HypervisorFault fault)
    {
        var disk = Disk(Compared(), time: TimeProvider.System);
        _vault.SumsStatus = (int)answer;

        Assert.Equal(fault, (await Assert.ThrowsAsync<HypervisorException>(() => disk.OpenAsync(Cancellation))).Fault);
        Assert.Equal(fault, (await Assert.ThrowsAsync<HypervisorException>(() => disk.ReadAsync(0, 1, Cancellation))).Fault);
        _vault.SumsStatus = 0;
        Assert.Equal(Original(0, 1), await ReadAsync(disk, 0, 1));

        Assert.Equal((true, 0, null), Told());
    }

    [Fact]
    public async Task A_missing_table_is_told_and_looked_for_again_and_what_was_given_meanwhile_stays_called_uncompared()
    {
        var compared = Compared();
        var disk = Disk(compared);
        Flip();
        _vault.SumsStatus = 404;

        await disk.OpenAsync(Cancellation);
        Assert.NotEqual(Original(BadBlock * BlockSize.Bytes, 1), await ReadAsync(disk, BadBlock * BlockSize.Bytes, 1));
        Assert.Equal((false, 0, null), Told());
        _vault.SumsStatus = 0;
        _time.Advance(TimeSpan.FromMinutes(5));
        await ReadAsync(disk, 0, 1);
        await RefusedAsync(Disk(compared), BadBlock * BlockSize.Bytes, 1);

        Assert.Equal((false, 1, BadBlock * BlockSize.Bytes), Told());
    }

    /// <summary>Its table has 2 GiB.</summary>
    [Fact]
    public async Task A_disk_of_8_TiB_keeps_no_more_of_its_table_than_a_small_one()
    {
        const long size = 8L << 40;
        using var zeros = new ZerosHandler();
        var tables = new ChunkCache(256 << 10);
        var reader = new VaultDiskReader(new HttpClient(zeros), _time, NullLogger.Instance);
        var disk = new ComparedDisk(
            new ReplicaDisk(0, size, new Uri("http://vault.invalid/replica/disk-0.vhd"), new Uri("http://vault.invalid/log/disk-0.sum")),
            new VaultWay(reader, reader, tables, VaultDisk.Reading, null, _time, Cancellation),
            _reads);
        var buffer = new byte[BlockSize.Bytes];

        for (var read = 0; read < 2000; read++)
        {
            Assert.Equal(0UL, await disk.ReadAsync(size / 2000 * read / VaultDisk.ChunkBytes * VaultDisk.ChunkBytes, buffer, Cancellation));
            Assert.InRange(tables.KeptBytes, 1, 256 << 10);
        }

        Assert.InRange(zeros.LargestBytes, 1, BlockSize.Bytes);
    }

    [Fact]
    public async Task A_reader_that_goes_forward_asks_for_each_part_of_the_table_once()
    {
        var disk = Disk(Compared());

        for (var offset = 0; offset < DiskBytes; offset += 4096) await ReadAsync(disk, offset, 512);

        Assert.Equal(21 + 1, _vault.Requests);
    }

    private ReplicaDisk Compared() => _vault.ComparedDisks()[0];

    private VaultDisk Disk(ReplicaDisk disk, HttpMessageHandler? handler = null, TimeProvider? time = null)
    {
        var reader = new VaultDiskReader(new HttpClient(handler ?? new SocketsHttpHandler()), time ?? _time, NullLogger.Instance);
        var anew = new VaultDiskReader(VaultWay.NewConnections(), time ?? _time, NullLogger.Instance);
        return new VaultDisk(
            disk,
            new VaultWay(reader, anew, _tables, new VaultPatience(0, TimeSpan.Zero), _turns, time ?? _time, Cancellation),
            new ChunkCache(1 << 20),
            _reads,
            new ReadingReport("disk", NullLogger.Instance));
    }

    private (bool, int, int?) Told() => _reads.Describe() is var told ? (told.IsCompared, told.DamagedBlocks, (int?)told.FirstDamagedOffsetBytes) : default;

    private byte[] Original(int offset, int length) => _source[offset..(offset + length)];

    private void Flip() => _stored[BadBlock * BlockSize.Bytes] ^= 1;

    private static async Task<byte[]> ReadAsync(VaultDisk disk, int offset, int length) => [.. (await disk.ReadAsync(offset, length, Cancellation)).SelectMany(piece => piece.ToArray())];

    private static async Task<HypervisorException> RefusedAsync(VaultDisk disk, int offset, int length)
    {
        var error = await Assert.ThrowsAnyAsync<HypervisorException>(() => disk.ReadAsync(offset, length, Cancellation));
        Assert.Equal(HypervisorFault.Damaged, error.Fault);
        return error;
    }

    /// <summary>Places in the first half, zeros in most of the second.</summary>
    private static byte[] Source()
    {
        var content = VaultServingTests.Counters(DiskBytes);
        content.AsSpan((3 << 20) + 100, 1 << 20).Clear();
        return content;
    }

    /// <summary>Flips a bit of every disk's block on its way, in the first answers.</summary>
    private sealed class SpoilingHandler(int answers) : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _answers = answers;

        public bool Spoiled { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (!request.RequestUri!.AbsolutePath.EndsWith(".vhd", StringComparison.Ordinal) || Interlocked.Decrement(ref _answers) < 0) return response;
            var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            for (var at = 7; at < content.Length; at += BlockSize.Bytes) content[at] ^= 4;
            var range = response.Content.Headers.ContentRange;
            response.Content = new ByteArrayContent(content);
            response.Content.Headers.ContentRange = range;
            Spoiled = true;
            return response;
        }
    }

    /// <summary>An empty disk, and its table.</summary>
    private sealed class ZerosHandler : HttpMessageHandler
    {
        public int LargestBytes { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var range = request.Headers.Range!.Ranges.Single();
            var content = new byte[(int)(range.To!.Value - range.From!.Value + 1)];
            LargestBytes = Math.Max(LargestBytes, content.Length);
            var response = new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = new ByteArrayContent(content) };
            response.Content.Headers.ContentRange = new(range.From.Value, range.To.Value);
            return Task.FromResult(response);
        }
    }
}
