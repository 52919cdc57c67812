using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace RecoveryOperator.Proof.Tests.Storage;

/// <summary>What the product relies on of a blob service. Runs on the one in memory and on Azurite, so that the first cannot be kinder than the second.</summary>
public abstract class BlobConformance
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected abstract Task<BlobServiceClient> ConnectAsync();

    /// <summary>As Azure does; Azurite takes pages there, and answers reads.</summary>
    protected virtual bool RefusesWhatLiesBehindTheEnd => true;

    /// <summary>Lets leases of 15 s run out.</summary>
    protected abstract Task PassLeaseTimeAsync();

    [Fact]
    public async Task A_blob_is_created_once_and_replaced_only_as_it_was_read()
    {
        BlockBlobClient blob = (await ContainerAsync()).GetBlockBlobClient("folder/a b.json");
        Assert.Equal("BlobNotFound", await CodeAsync(() => blob.DownloadContentAsync(Token)));
        BlobContentInfo made = await PutAsync(blob, [1, 2], new BlobRequestConditions { IfNoneMatch = ETag.All });
        Assert.Equal(409, await StatusAsync(() => PutAsync(blob, [3], new BlobRequestConditions { IfNoneMatch = ETag.All })));

        BlobContentInfo next = await PutAsync(blob, [4, 5, 6], new BlobRequestConditions { IfMatch = made.ETag });
        Assert.Equal(412, await StatusAsync(() => PutAsync(blob, [7], new BlobRequestConditions { IfMatch = made.ETag })));
        Assert.Equal(412, await StatusAsync(() => blob.DownloadContentAsync(new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = made.ETag } }, Token)));

        BlobDownloadResult read = await blob.DownloadContentAsync(Token);
        Assert.Equal([4, 5, 6], read.Content.ToArray());
        Assert.Equal((next.ETag, next.LastModified, 3L), (read.Details.ETag, read.Details.LastModified, read.Details.ContentLength));
        await PutAsync(blob, [], new BlobRequestConditions { IfMatch = next.ETag });
        Assert.Empty((await blob.DownloadContentAsync(Token)).Value.Content.ToArray());
    }

    [Fact]
    public async Task A_lease_keeps_others_out_until_it_is_over_and_its_id_then_opens_nothing()
    {
        PageBlobClient blob = await PageBlobAsync();
        string first = Guid.NewGuid().ToString();
        string second = Guid.NewGuid().ToString();
        await blob.GetBlobLeaseClient(first).AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Token);
        await blob.GetBlobLeaseClient(first).AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Token);
        Assert.Equal("LeaseAlreadyPresent", await CodeAsync(() => blob.GetBlobLeaseClient(second).AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Token)));
        Assert.Equal(412, await StatusAsync(() => WriteAsync(blob, 0, null)));
        Assert.Equal(412, await StatusAsync(() => WriteAsync(blob, 0, second)));
        Assert.Equal(412, await StatusAsync(() => blob.CreateSnapshotAsync(conditions: new BlobRequestConditions { LeaseId = second }, cancellationToken: Token)));
        Assert.Equal(412, await StatusAsync(() => blob.ResizeAsync(1024, new PageBlobRequestConditions { LeaseId = second }, Token)));
        await WriteAsync(blob, 0, first);

        await blob.GetBlobLeaseClient(first).ChangeAsync(second, cancellationToken: Token);
        Assert.Equal(412, await StatusAsync(() => WriteAsync(blob, 0, first)));
        Assert.Equal(409, await StatusAsync(() => blob.GetBlobLeaseClient(first).RenewAsync(cancellationToken: Token)));
        await blob.GetBlobLeaseClient(second).RenewAsync(cancellationToken: Token);
        await blob.GetBlobLeaseClient(second).ReleaseAsync(cancellationToken: Token);
        Assert.Equal(412, await StatusAsync(() => WriteAsync(blob, 0, second)));
        await WriteAsync(blob, 0, null);

        await blob.GetBlobLeaseClient(first).AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Token);
        await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Token);
        Assert.Equal(409, await StatusAsync(() => blob.GetBlobLeaseClient(first).RenewAsync(cancellationToken: Token)));
        await blob.GetBlobLeaseClient(second).AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Token);
        Assert.Equal(412, await StatusAsync(() => WriteAsync(blob, 0, first)));
    }

    [Fact]
    public async Task A_lease_that_ran_out_can_be_renewed_until_another_takes_it()
    {
        PageBlobClient blob = await PageBlobAsync();
        string first = Guid.NewGuid().ToString();
        string second = Guid.NewGuid().ToString();
        await blob.GetBlobLeaseClient(first).AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Token);
        await PassLeaseTimeAsync();
        Assert.Equal(412, await StatusAsync(() => WriteAsync(blob, 0, first)));
        await blob.GetBlobLeaseClient(first).RenewAsync(cancellationToken: Token);
        await WriteAsync(blob, 0, first);

        await PassLeaseTimeAsync();
        Assert.Equal(409, await StatusAsync(() => blob.GetBlobLeaseClient(first).ChangeAsync(second, cancellationToken: Token)));
        await blob.GetBlobLeaseClient(second).AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Token);
        Assert.Equal(409, await StatusAsync(() => blob.GetBlobLeaseClient(first).RenewAsync(cancellationToken: Token)));
        Assert.Equal(412, await StatusAsync(() => WriteAsync(blob, 0, first)));
    }

    [Fact]
    public async Task Pages_are_written_cleared_cut_and_read_as_they_were_at_a_snapshot()
    {
        PageBlobClient blob = await PageBlobAsync();
        await WriteAsync(blob, 512, null);
        BlobSnapshotInfo snapshot = await blob.CreateSnapshotAsync(new Dictionary<string, string> { ["sequence"] = "7" }, cancellationToken: Token);
        await blob.ClearPagesAsync(new HttpRange(512, 512), cancellationToken: Token);
        await WriteAsync(blob, 1024, null);
        await blob.ResizeAsync(1024, cancellationToken: Token);
        await blob.ResizeAsync(200_192, cancellationToken: Token);
        BlobSnapshotInfo later = await blob.CreateSnapshotAsync(cancellationToken: Token);
        if (RefusesWhatLiesBehindTheEnd)
        {
            Assert.Equal(416, await StatusAsync(() => WriteAsync(blob, 200_192, null)));
            Assert.Equal(416, await StatusAsync(() => blob.DownloadContentAsync(new BlobDownloadOptions { Range = new HttpRange(200_192, 10) }, Token)));
        }

        byte[] now = (await blob.DownloadContentAsync(Token)).Value.Content.ToArray();
        Assert.True(now.Length == 200_192 && now.All(value => value == 0), "cut off and cleared pages are zeros");
        byte[] then = (await blob.WithSnapshot(snapshot.Snapshot).DownloadContentAsync(Token)).Value.Content.ToArray();
        Assert.Equal(131_072, then.Length);
        Assert.Equal(512, then.Count(value => value == 9));
        Assert.True(string.CompareOrdinal(later.Snapshot, snapshot.Snapshot) > 0, "snapshots are in order");
        HttpRange part = new(500, 20);
        Assert.Equal(8, (await blob.WithSnapshot(snapshot.Snapshot).DownloadContentAsync(new BlobDownloadOptions { Range = part }, Token)).Value.Content.ToArray().Count(value => value == 9));
    }

    [Fact]
    public async Task A_page_write_that_requires_a_former_sequence_number_is_refused()
    {
        PageBlobClient blob = await PageBlobAsync();
        long first = (await blob.UpdateSequenceNumberAsync(SequenceNumberAction.Increment, cancellationToken: Token)).Value.BlobSequenceNumber;
        await WriteInTurnAsync(blob, 1, first);
        PageBlobInfo next = await blob.UpdateSequenceNumberAsync(SequenceNumberAction.Increment, cancellationToken: Token);
        Assert.Equal(first + 1, next.BlobSequenceNumber);

        Assert.Equal("SequenceNumberConditionNotMet", await CodeAsync(() => WriteInTurnAsync(blob, 2, first)));
        Assert.Equal("SequenceNumberConditionNotMet", await CodeAsync(() => blob.ClearPagesAsync(new HttpRange(0, 512), Turn(first), Token)));
        Assert.Equal(1, (await blob.DownloadContentAsync(Token)).Value.Content.ToArray()[0]);
        Assert.Equal(412, await StatusAsync(() => blob.ResizeAsync(4096, new PageBlobRequestConditions { IfMatch = new ETag("\"0x1\"") }, Token)));
        await WriteInTurnAsync(blob, 3, next.BlobSequenceNumber);
        await blob.ResizeAsync(4096, new PageBlobRequestConditions { IfMatch = (await blob.GetPropertiesAsync(cancellationToken: Token)).Value.ETag }, Token);

        // Neither a resize nor a snapshot begins another turn.
        await blob.CreateSnapshotAsync(cancellationToken: Token);
        await blob.ClearPagesAsync(new HttpRange(0, 512), Turn(next.BlobSequenceNumber), Token);
        Assert.Equal(0, (await blob.DownloadContentAsync(Token)).Value.Content.ToArray()[0]);
    }

    [Fact]
    public async Task Page_ranges_cover_what_is_not_zero()
    {
        PageBlobClient blob = await PageBlobAsync();
        await WriteAsync(blob, 70_144, null);

        List<HttpRange> ranges = [];
        await foreach (PageRangeItem range in blob.GetAllPageRangesAsync(cancellationToken: Token))
            ranges.Add(range.Range);
        Assert.Contains(ranges, range => range.Offset <= 70_144 && range.Offset + range.Length >= 70_656);
        Assert.DoesNotContain(ranges, range => range.Offset < 65_536);
    }

    [Fact]
    public async Task Listings_tell_names_in_order_metadata_and_snapshots()
    {
        BlobContainerClient container = await ContainerAsync();
        foreach (string name in new[] { "points/2", "points/10", "sums/x", "points/1" })
            await PutAsync(container.GetBlockBlobClient(name), [1], new BlobRequestConditions(), new Dictionary<string, string> { ["epoch"] = name[^1..] });
        await container.GetBlobBaseClient("points/1").CreateSnapshotAsync(new Dictionary<string, string> { ["epoch"] = "5" }, cancellationToken: Token);

        List<BlobItem> points = await ListAsync(container, new GetBlobsOptions { Prefix = "points/", Traits = BlobTraits.Metadata });
        Assert.Equal(["points/1", "points/10", "points/2"], points.Select(blob => blob.Name));
        Assert.Equal(["1", "0", "2"], points.Select(blob => blob.Metadata["epoch"]));
        Assert.All(points, blob => Assert.Equal(1, blob.Properties.ContentLength));
        List<BlobItem> all = await ListAsync(container, new GetBlobsOptions { Prefix = "points/", States = BlobStates.Snapshots, Traits = BlobTraits.Metadata });
        BlobItem snapshot = Assert.Single(all, blob => blob.Snapshot is { Length: > 0 });
        Assert.Equal(("points/1", "5"), (snapshot.Name, snapshot.Metadata["epoch"]));
    }

    [Fact]
    public async Task Deleting_takes_snapshots_only_when_told_and_repeats_without_harm()
    {
        BlobContainerClient container = await ContainerAsync();
        BlockBlobClient blob = container.GetBlockBlobClient("x");
        await PutAsync(blob, [1], new BlobRequestConditions());
        BlobSnapshotInfo snapshot = await blob.CreateSnapshotAsync(cancellationToken: Token);
        Assert.Equal("SnapshotsPresent", await CodeAsync(() => blob.DeleteAsync(cancellationToken: Token)));
        Assert.True(await blob.WithSnapshot(snapshot.Snapshot).DeleteIfExistsAsync(cancellationToken: Token));
        Assert.False(await blob.WithSnapshot(snapshot.Snapshot).DeleteIfExistsAsync(cancellationToken: Token));
        Assert.Equal(412, await StatusAsync(() => blob.DeleteAsync(conditions: new BlobRequestConditions { IfMatch = new ETag("\"0x1234\"") }, cancellationToken: Token)));
        Assert.True(await blob.DeleteIfExistsAsync(cancellationToken: Token));
        Assert.False(await blob.DeleteIfExistsAsync(cancellationToken: Token));
        Assert.Equal(404, await StatusAsync(() => container.GetBlobClient("x").GetPropertiesAsync(cancellationToken: Token)));
    }

    [Fact]
    public async Task Containers_are_created_once_keep_their_policies_and_are_named_when_missing()
    {
        BlobServiceClient service = await ConnectAsync();
        BlobContainerClient container = service.GetBlobContainerClient($"c{Guid.NewGuid():N}");
        Assert.Equal("ContainerNotFound", await CodeAsync(() => container.GetBlobClient("x").DownloadContentAsync(Token)));
        await container.CreateAsync(cancellationToken: Token);
        Assert.Equal("ContainerAlreadyExists", await CodeAsync(() => container.CreateAsync(cancellationToken: Token)));
        BlobSignedIdentifier policy = new()
        {
            Id = "host-1",
            AccessPolicy = new BlobAccessPolicy { Permissions = "rc", PolicyExpiresOn = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero) },
        };
        await container.SetAccessPolicyAsync(permissions: [policy], cancellationToken: Token);
        BlobContainerAccessPolicy read = await container.GetAccessPolicyAsync(cancellationToken: Token);
        BlobSignedIdentifier kept = Assert.Single(read.SignedIdentifiers);
        Assert.Equal(("host-1", policy.AccessPolicy.PolicyExpiresOn), (kept.Id, kept.AccessPolicy.PolicyExpiresOn));
        List<string> names = [];
        await foreach (BlobContainerItem item in service.GetBlobContainersAsync(cancellationToken: Token))
            names.Add(item.Name);
        Assert.Contains(container.Name, names);
        Assert.True(await container.DeleteIfExistsAsync(cancellationToken: Token));
        Assert.False(await container.DeleteIfExistsAsync(cancellationToken: Token));
    }

    protected static async Task<int> StatusAsync(Func<Task> call) => (await Assert.ThrowsAsync<RequestFailedException>(call)).Status;

    protected static async Task<string?> CodeAsync(Func<Task> call) => (await Assert.ThrowsAsync<RequestFailedException>(call)).ErrorCode;

    private static async Task<BlobContentInfo> PutAsync(
        BlockBlobClient blob, byte[] content, BlobRequestConditions conditions, IDictionary<string, string>? metadata = null)
    {
        using MemoryStream stream = new(content);
        return await blob.UploadAsync(stream, new BlobUploadOptions { Conditions = conditions, Metadata = metadata }, Token);
    }

    private static async Task WriteAsync(PageBlobClient blob, long offset, string? lease)
    {
        using MemoryStream pages = new([.. Enumerable.Repeat((byte)9, 512)]);
        await blob.UploadPagesAsync(pages, offset, new PageBlobUploadPagesOptions { Conditions = lease is null ? null : new PageBlobRequestConditions { LeaseId = lease } }, Token);
    }

    private static async Task WriteInTurnAsync(PageBlobClient blob, byte value, long sequenceNumber)
    {
        using MemoryStream pages = new([.. Enumerable.Repeat(value, 512)]);
        await blob.UploadPagesAsync(pages, 0, new PageBlobUploadPagesOptions { Conditions = Turn(sequenceNumber) }, Token);
    }

    private static PageBlobRequestConditions Turn(long sequenceNumber) => new() { IfSequenceNumberEqual = sequenceNumber };

    private static async Task<List<BlobItem>> ListAsync(BlobContainerClient container, GetBlobsOptions options)
    {
        List<BlobItem> blobs = [];
        await foreach (BlobItem blob in container.GetBlobsAsync(options, Token))
            blobs.Add(blob);
        return blobs;
    }

    private async Task<BlobContainerClient> ContainerAsync()
    {
        BlobContainerClient container = (await ConnectAsync()).GetBlobContainerClient($"c{Guid.NewGuid():N}");
        await container.CreateAsync(cancellationToken: Token);
        return container;
    }

    private async Task<PageBlobClient> PageBlobAsync()
    {
        PageBlobClient blob = (await ContainerAsync()).GetPageBlobClient("disk-0.vhd");
        await blob.CreateAsync(131_072, cancellationToken: Token);
        return blob;
    }
}
