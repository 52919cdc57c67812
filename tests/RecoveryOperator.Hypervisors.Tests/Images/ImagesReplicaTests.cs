using System.Net;
using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Images;

public sealed class ImagesReplicaTests : IAsyncDisposable
{
    private const int DiskBytes = (18 << 20) + 512;
    private readonly byte[][] contents = [Content(51), Content(52)];
    private readonly VhdServer vault;
    private Func<int, HttpRequestMessage, HttpResponseMessage?> spoil = (_, _) => null;
    private readonly FailingHandler handler;
    private readonly ImagesBed bed;

    public ImagesReplicaTests()
    {
        vault = VhdServer.Start(IPAddress.Loopback, contents);
        handler = new FailingHandler((number, request) => spoil(number, request));
        bed = new ImagesBed { Http = new HttpClient(handler) };
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await vault.DisposeAsync();
        bed.Dispose();
        handler.Dispose();
    }

    [Fact]
    public async Task Passing_failures_are_retried_and_the_disks_are_whole_and_sparse()
    {
        spoil = (number, request) => number switch
        {
            1 => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable),
            2 => FailingHandler.Truncated(request),
            3 => throw new HttpRequestException("connection reset"),
            _ => null,
        };
        await using var hypervisor = bed.Open();
        var progress = new List<double>();

        var replica = await hypervisor.CreateReplicaAsync(Request(), new Recorder(progress), Cancellation);

        for (var disk = 0; disk < contents.Length; disk++)
        {
            var content = await File.ReadAllBytesAsync(bed.PathOf(replica, disk), Cancellation);
            SnapshotReading.AssertSame(contents[disk], content, $"disk {disk}");
        }

        Assert.Equal(1, progress.Max());
        await using var snapshot = await hypervisor.BeginSnapshotAsync(replica.Id, ImagesChangesTests.Request(null, null), Cancellation);
        Assert.InRange((await snapshot.Disks[0].ListExtentsAsync()).TotalBytes(), 1, 3 << 20);
    }

    [Fact]
    public async Task A_failure_that_stays_leaves_nothing_behind_and_names_no_secret()
    {
        spoil = (number, _) => number >= 3 ? new HttpResponseMessage(HttpStatusCode.InternalServerError) : null;
        await using var hypervisor = bed.Open();

        var failure = await Assert.ThrowsAsync<HypervisorException>(() => hypervisor.CreateReplicaAsync(Request(), null, Cancellation));

        Assert.Equal(HypervisorFault.Transient, failure.Fault);
        Assert.DoesNotContain("sig=", failure.ToString(), StringComparison.Ordinal);
        Assert.Null(await hypervisor.FindAsync("web", Cancellation));
        Assert.Empty(Directory.GetDirectories(bed.Root));
        spoil = (_, _) => null;
        Assert.Equal("web", (await hypervisor.CreateReplicaAsync(Request(), null, Cancellation)).Name);
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, HypervisorFault.AccessDenied)]
    [InlineData(HttpStatusCode.NotFound, HypervisorFault.NotFound)]
    [InlineData(HttpStatusCode.OK, HypervisorFault.Unsupported)]
    public async Task An_answer_that_no_retry_changes_is_classified_at_once(HttpStatusCode status, HypervisorFault fault)
    {
        spoil = (_, _) => new HttpResponseMessage(status);
        await using var hypervisor = bed.Open();

        var failure = await Assert.ThrowsAsync<HypervisorException>(() => hypervisor.CreateReplicaAsync(Request(), null, Cancellation));

        Assert.Equal(fault, failure.Fault);
        Assert.InRange(handler.Requests, 1, 4);
    }

    [Fact]
    public async Task What_a_killed_creation_left_is_replaced()
    {
        var draft = Directory.CreateDirectory(Path.Combine(bed.Root, ".create-web"));
        await File.WriteAllTextAsync(Path.Combine(draft.FullName, "disk-0.raw"), "torn", Cancellation);
        await using var hypervisor = bed.Open();

        var replica = await hypervisor.CreateReplicaAsync(Request(), null, Cancellation);
        var again = await hypervisor.CreateReplicaAsync(Request(), null, Cancellation);

        Assert.Equal(replica.Id, again.Id);
        Assert.False(Directory.Exists(draft.FullName));
        SnapshotReading.AssertSame(contents[0], await File.ReadAllBytesAsync(bed.PathOf(replica, 0), Cancellation), "disk 0");
    }

    [Fact]
    public async Task Another_operation_does_not_take_the_replica_of_the_first()
    {
        await using var hypervisor = bed.Open();
        await hypervisor.CreateReplicaAsync(Request(), null, Cancellation);

        var refusal = await Assert.ThrowsAsync<HypervisorException>(
            () => hypervisor.CreateReplicaAsync(Request() with { OperationId = "operation-2" }, null, Cancellation));

        Assert.Equal(HypervisorFault.Conflict, refusal.Fault);
    }

    [Fact]
    public async Task No_room_is_told_before_anything_is_downloaded()
    {
        await using var hypervisor = bed.Open();
        var huge = Request() with { Disks = [.. Request().Disks.Select(disk => disk with { SizeBytes = 1L << 60 })] };

        Assert.Equal("NoRoom", Assert.Single(await hypervisor.CheckReplicaAsync(huge, Cancellation)).Reason);
        var refusal = await Assert.ThrowsAsync<HypervisorException>(() => hypervisor.CreateReplicaAsync(huge, null, Cancellation));

        Assert.Equal(HypervisorFault.NoSpace, refusal.Fault);
        Assert.Equal(0, handler.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_disk_that_is_not_what_the_source_read_makes_no_machine_and_without_a_table_it_does(bool hasTable)
    {
        const int offset = (8 << 20) + 5;
        var compared = Request() with { Disks = vault.ComparedDisks() };
        contents[1][offset] ^= 8;
        await using var hypervisor = bed.Open();
        if (!hasTable)
        {
            var replica = await hypervisor.CreateReplicaAsync(Request(), null, Cancellation);
            Assert.All(hypervisor.RecoveredReads(), reads => Assert.Equal((replica.Id, false, 0), (reads.MachineId, reads.IsCompared, reads.DamagedBlocks)));
            Assert.Equal(2, hypervisor.RecoveredReads().Count);
            return;
        }

        var failure = await Assert.ThrowsAsync<HypervisorException>(() => hypervisor.CreateReplicaAsync(compared, null, Cancellation));

        Assert.Equal(HypervisorFault.Damaged, failure.Fault);
        Assert.Contains($"Disk 1: the 64 KiB at {offset / (64 << 10) * (64 << 10)}", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(bed.Root));
        contents[1][offset] ^= 8;
        var made = await hypervisor.CreateReplicaAsync(compared, null, Cancellation);
        SnapshotReading.AssertSame(contents[1], await File.ReadAllBytesAsync(bed.PathOf(made, 1), Cancellation), "disk 1");
        Assert.All(hypervisor.RecoveredReads(), reads => Assert.Equal((made.Id, true, 0), (reads.MachineId, reads.IsCompared, reads.DamagedBlocks)));
    }

    [Fact]
    public async Task A_table_that_is_missing_is_no_obstacle_and_is_told()
    {
        var compared = Request() with { Disks = vault.ComparedDisks() };
        vault.SumsStatus = 404;
        await using var hypervisor = bed.Open();

        var replica = await hypervisor.CreateReplicaAsync(compared, null, Cancellation);

        Assert.All(hypervisor.RecoveredReads(), reads => Assert.Equal((replica.Id, false), (reads.MachineId, reads.IsCompared)));
    }

    [Fact]
    public async Task The_replica_has_the_networks_that_were_mapped()
    {
        Directory.CreateDirectory(bed.Root);
        await File.WriteAllTextAsync(Path.Combine(bed.Root, "networks.json"), """["blue","green"]""", Cancellation);
        await using var hypervisor = bed.Open();

        var replica = await hypervisor.CreateReplicaAsync(Request() with { Networks = ["green"] }, null, Cancellation);

        Assert.Equal("green", Assert.Single(replica.Definition.Nics).Network);
        Assert.Equal(["blue", "green"], (await hypervisor.DescribeHostAsync(Cancellation)).Networks);
    }

    private ReplicaRequest Request() => new(
        "owner-1",
        "operation-1",
        "web",
        new VirtualMachineDefinition(
            "Images",
            2,
            1 << 30,
            "Bios",
            [new(0, "vda", DiskBytes, "virtio", "raw", null), new(1, "vdb", DiskBytes, "virtio", "raw", null)],
            [new("52:54:00:00:00:01", "default")],
            null),
        vault.ReplicaDisks(),
        [null]);

    private static byte[] Content(int seed)
    {
        var content = new byte[DiskBytes];
        new Random(seed).NextBytes(content.AsSpan(5 << 20, 1 << 20));
        new Random(seed).NextBytes(content.AsSpan(DiskBytes - 700));
        return content;
    }

    private sealed class Recorder(List<double> values) : IProgress<double>
    {
        public void Report(double value)
        {
            lock (values) values.Add(value);
        }
    }
}
