using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Hypervisors.Tests.Conformance;
using RecoveryOperator.Hypervisors.Tests.Images;
using LibvirtHost = RecoveryOperator.Hypervisors.Tests.Libvirt.LibvirtHost;

namespace RecoveryOperator.Hypervisors.Tests.VaultDisks;

/// <summary>QEMU's own block layer (qemu-io) reads disks of a vault through the server.</summary>
public sealed class VaultServingTests : IAsyncLifetime
{
    private const int DiskBytes = 8 << 20;
    private const int BlockBytes = 64 << 10;
    private readonly string _folder = Directory.CreateTempSubdirectory("ro-vault").FullName;
    private readonly Guid _replica = Guid.NewGuid();
    private readonly VhdServer _vault = VhdServer.Start(IPAddress.Loopback, Content(), Counters());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LibvirtOptions Options => new() { GrantDirectory = Path.Combine(_folder, "grants"), RuntimeDirectory = _folder, QemuUser = null };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _vault.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>QEMU's HTTP driver loses one of so many now and then.</summary>
    [Fact]
    public async Task Of_thousands_of_reads_at_once_every_one_is_answered_with_its_own_bytes()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        _vault.Latency = () => TimeSpan.FromMilliseconds(random.Next(15));
        await using var serving = Start(Options with { VaultCacheBytes = 1 << 20 });
        var commands = new StringBuilder();
        for (var read = 0; read < 2000; read++)
        {
            var block = random.Next(DiskBytes / BlockBytes);
            var lengthBytes = 512 * random.Next(1, BlockBytes / 512);
            commands.AppendLine(CultureInfo.InvariantCulture, $"aio_read -P {Fill(block)} {block * BlockBytes} {lengthBytes}");
        }

        var output = await QemuIoAsync(commands.AppendLine("aio_flush").ToString());

        AssertRead(2000, output);
    }

    [Fact]
    public async Task Of_a_disk_that_is_read_in_parallel_and_out_of_order_every_byte_is_in_its_place()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        _vault.Latency = () => TimeSpan.FromMilliseconds(random.Next(15));
        await using var serving = Start(Options with { VaultCacheBytes = 1 << 20 });
        var copy = Path.Combine(_folder, "copy.raw");

        await LibvirtHost.RunAsync("qemu-img", ["convert", "-m", "16", "-W", "-f", "raw", "-O", "raw", OtherExport("vdb"), copy], Cancellation);

        Assert.Equal(Counters(), await File.ReadAllBytesAsync(copy, Cancellation));
    }

    [Fact]
    public async Task The_whole_disk_is_what_the_vault_holds_without_the_footer()
    {
        await using var serving = Start(Options);
        var copy = Path.Combine(_folder, "copy.raw");

        await LibvirtHost.RunAsync("qemu-img", ["convert", "-f", "raw", "-O", "raw", Export, copy], Cancellation);

        Assert.Equal(Content(), await File.ReadAllBytesAsync(copy, Cancellation));
    }

    [Fact]
    public async Task A_reader_that_goes_forward_asks_the_vault_once_for_each_chunk()
    {
        await using var serving = Start(Options);

        var output = await QemuIoAsync(string.Concat(Enumerable.Range(0, DiskBytes / BlockBytes).Select(block => $"read -P {Fill(block)} {block * BlockBytes} {BlockBytes}\n")));

        AssertRead(DiskBytes / BlockBytes, output);
        Assert.Equal(1 + 32, _vault.Requests); // The first one sees whether the disk can be read at all.
    }

    [Fact]
    public async Task A_vault_that_refuses_once_is_asked_again_and_the_reader_does_not_notice()
    {
        using var handler = new FailingHandler((number, _) => number is 1 or 3 ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) : null);
        await using var serving = Start(Options, handler);

        var output = await QemuIoAsync($"read -P {Fill(60)} {60 * BlockBytes} 4096\n");

        AssertRead(1, output);
    }

    [Fact]
    public async Task A_grant_that_ended_is_an_error_to_the_reader_and_reads_go_on_when_it_is_back()
    {
        var refuses = false;
        using var handler = new FailingHandler((_, request) => Volatile.Read(ref refuses) && request.Headers.Range!.Ranges.Single().From > 0 ? new HttpResponseMessage(HttpStatusCode.Forbidden) : null);
        await using var serving = Start(Options, handler);
        AssertRead(1, await QemuIoAsync("read 0 512\n"));
        Volatile.Write(ref refuses, true);
        var refused = await QemuIoAsync($"read {40 * BlockBytes} 512\n", succeeds: false);
        Volatile.Write(ref refuses, false);

        Assert.Contains("Input/output error", refused, StringComparison.Ordinal);
        AssertRead(1, await QemuIoAsync($"read -P {Fill(40)} {40 * BlockBytes} 512\n"));
    }

    [Fact]
    public async Task Whoever_opens_a_disk_that_cannot_be_read_is_told_why_without_the_grant()
    {
        using var handler = new FailingHandler((_, _) => new HttpResponseMessage(HttpStatusCode.Forbidden));
        await using var serving = Start(Options, handler);

        var output = await QemuIoAsync("read 0 512\n", succeeds: false);

        Assert.Contains("403", output, StringComparison.Ordinal);
        Assert.Contains("grant", output, StringComparison.Ordinal);
        Assert.DoesNotContain("sig", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_no_replica_has_is_refused_and_writing_is_too()
    {
        await using var serving = Start(Options);

        Assert.Contains("there is no disk", await QemuIoAsync("read 0 512\n", OtherExport("vdc"), succeeds: false), StringComparison.Ordinal);
        Assert.Contains("there is no disk", await QemuIoAsync("read 0 512\n", Export.Replace(_replica.ToString(), Guid.NewGuid().ToString(), StringComparison.Ordinal), succeeds: false), StringComparison.Ordinal);
        Assert.Contains("Permission denied", await QemuIoAsync("write 0 512\n", Export, "-f", succeeds: false), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_starts_takes_the_place_of_one_that_was_killed_or_still_ends()
    {
        var first = Start(Options);
        await using var second = Start(Options);
        await first.DisposeAsync();

        AssertRead(1, await QemuIoAsync("read 0 512\n"));
    }

    private string Export => $"nbd+unix:///{ReplicaDisks.ExportName(_replica, "vda")}?socket={Options.VaultSocket}";

    private string OtherExport(string target) => Export.Replace("-vda", $"-{target}", StringComparison.Ordinal);

    private VaultServing Start(LibvirtOptions options, HttpMessageHandler? handler = null)
    {
        var http = new HttpClient(handler ?? new SocketsHttpHandler(), disposeHandler: false);
        var serving = new VaultServing(options, QemuAccount.Find(null), http, TimeProvider.System, NullLogger.Instance);
        serving.Disks.Put(_replica, [("vda", _vault.ReplicaDisks()[0]), ("vdb", _vault.ReplicaDisks()[1])]);
        return serving;
    }

    /// <summary>What qemu-io says, errors too.</summary>
    private async Task<string> QemuIoAsync(string commands, string? export = null, string mode = "-rf", bool succeeds = true)
    {
        var script = Path.Combine(_folder, $"{Guid.NewGuid():n}.qemu-io");
        await File.WriteAllTextAsync(script, commands, Cancellation);
        return await LibvirtHost.RunAsync("sh", ["-c", $"timeout 120 qemu-io {mode} raw '{export ?? Export}' < {script} 2>&1; code=$?; echo; test $code -eq {(succeeds ? 0 : 1)}"], Cancellation);
    }

    private static void AssertRead(int reads, string output)
    {
        Assert.Equal(reads, output.Split('\n').Count(line => Regex.IsMatch(line, @"read (\d+)/\1 bytes")));
        Assert.DoesNotContain("fail", output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("error", output, StringComparison.OrdinalIgnoreCase);
    }

    private static byte Fill(int block) => (byte)(1 + (block % 251));

    /// <summary>Says of each byte where it belongs.</summary>
    internal static byte[] Counters(int lengthBytes = DiskBytes)
    {
        var content = new byte[lengthBytes];
        for (var at = 0; at < lengthBytes; at += 8) BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(at), at ^ 0x5a5a5a5a5a5a5a5a);
        return content;
    }

    /// <summary>For tools that can only compare with one byte.</summary>
    private static byte[] Content()
    {
        var content = new byte[DiskBytes];
        for (var block = 0; block < DiskBytes / BlockBytes; block++) content.AsSpan(block * BlockBytes, BlockBytes).Fill(Fill(block));
        return content;
    }
}
