using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Tests.Host;

public sealed class BlobLogStoreTests(AzuriteFixture fixture)
{
    private static readonly byte[] _content = [1, 2, 3, 4];

    private readonly ProtectionId _id = AzuriteFixture.NewId();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Creating_a_segment_again_with_the_same_content_is_success_and_with_other_content_a_conflict()
    {
        BlobLogStore store = new(await GrantAsync(), TimeProvider.System);
        string blob = VaultNames.Segment(1, 1, Guid.NewGuid(), 0, 0);
        await store.CreateSegmentAsync(blob, _content, Token);
        await store.CreateSegmentAsync(blob, _content, Token);

        VaultException fault = await Assert.ThrowsAsync<VaultException>(() => store.CreateSegmentAsync(blob, new byte[] { 9 }, Token));
        Assert.Equal(VaultFault.Conflict, fault.Fault);
        Assert.DoesNotContain("sig=", fault.ToString(), StringComparison.Ordinal);
    }

    /// <summary>P5: a file of the spool may change while it is sent.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_segment_whose_file_changes_before_it_is_read_or_between_checksum_and_sending_is_not_created(int beginning)
    {
        BlobLogStore store = new(await GrantAsync(), TimeProvider.System);
        string blob = VaultNames.Segment(1, 1, Guid.NewGuid(), 0, 0);
        string path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, _content, Token);
            SpooledSegment segment = new(path, "disk-0.000000.hrl", _content.Length, Convert.ToHexStringLower(SHA256.HashData(_content)));
            await using SpooledSegmentStream stream = SpooledSegmentStream.Open(segment);
            await using ChangingStream changing = new(stream, beginning, () => File.WriteAllBytes(path, [1, 2, 3, 5]));

            await Assert.ThrowsAsync<SpoolDamageException>(() => store.CreateSegmentAsync(blob, changing, Token));
            await File.WriteAllBytesAsync(path, _content, Token);
            await store.CreateSegmentAsync(blob, stream, Token);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A disk of the host's that fails is no vault that is away: other remedy, other health.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_file_that_cannot_be_read_is_the_hosts_trouble_and_is_not_read_again(int beginning)
    {
        BlobLogStore store = new(await GrantAsync(), TimeProvider.System);
        int failures = 0;
        IOException trouble = new("Input/output error", 5);
        await using ChangingStream failing = new(new MemoryStream(_content), beginning, () =>
        {
            failures++;
            throw trouble;
        });

        IOException error = await Assert.ThrowsAsync<IOException>(() => store.CreateSegmentAsync(VaultNames.Segment(1, 1, Guid.NewGuid(), 0, 0), failing, Token));

        Assert.Same(trouble, error);
        Assert.Equal(1, failures);
    }

    [Fact]
    public async Task The_first_of_two_sets_is_right_and_repeating_it_is_success()
    {
        BlobLogStore store = new(await GrantAsync(), TimeProvider.System);
        var first = TestDocuments.Set(_id, 1, null);
        Assert.Null(await store.ReadSetAsync(1, 1, Token));
        CommitResult committed = await store.CommitAsync(first, Token);
        CommitResult again = await store.CommitAsync(first, Token);
        CommitResult other = await store.CommitAsync(TestDocuments.Set(_id, 1, null), Token);

        Assert.Equal(CommitOutcome.Committed, committed.Outcome);
        Assert.Equal((CommitOutcome.Committed, committed.Standing.Sha256), (again.Outcome, again.Standing.Sha256));
        Assert.Equal((CommitOutcome.Conflict, committed.Standing.Sha256), (other.Outcome, other.Standing.Sha256));
        Assert.Equal(committed.Standing.Sha256, (await store.ReadSetAsync(1, 1, Token))?.Sha256);
        Assert.NotNull(store.ClockOffset);
        Assert.InRange(store.ClockOffset.Value, TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_revoked_grant_is_denied_and_a_later_epochs_grant_does_not_bring_it_back()
    {
        Uri grant = await GrantAsync();
        BlobLogStore store = new(grant, TimeProvider.System);
        await store.CommitAsync(TestDocuments.Set(_id, 1, null), Token);
        ProtectionVault vault = fixture.Account.Open(_id);
        await vault.RevokeHostGrantAsync(Token);
        Uri second = await vault.GrantHostAsync(2, TestDocuments.Now, Token);

        VaultException write = await Assert.ThrowsAsync<VaultException>(() => store.CreateSegmentAsync("0000000001/x", _content, Token));
        VaultException read = await Assert.ThrowsAsync<VaultException>(() => store.ReadSetAsync(1, 1, Token));
        Assert.Equal((VaultFault.AccessDenied, VaultFault.AccessDenied), (write.Fault, read.Fault));
        Assert.NotEqual(grant, second);
        Assert.NotNull(await new BlobLogStore(second, TimeProvider.System).ReadSetAsync(1, 1, Token));
    }

    [Fact]
    public async Task A_grant_can_neither_overwrite_nor_delete_nor_list_nor_reach_the_replica()
    {
        Uri grant = await GrantAsync();
        BlobContainerClient container = new(grant);
        await container.GetBlobClient("a").UploadAsync(new BinaryData(_content), Token);

        Assert.Equal(403, await StatusAsync(() => container.GetBlobClient("a").UploadAsync(new BinaryData("x"), overwrite: true, Token)));
        Assert.Equal(403, await StatusAsync(() => container.GetBlobClient("a").DeleteAsync(cancellationToken: Token)));
        Assert.Equal(403, await StatusAsync(async () => await container.GetBlobsAsync(new GetBlobsOptions(), Token).AsPages().GetAsyncEnumerator(Token).MoveNextAsync()));
        UriBuilder replica = new(grant);
        replica.Path = replica.Path.Replace("-log", "-replica", StringComparison.Ordinal);
        Assert.Equal(403, await StatusAsync(() => new BlobContainerClient(replica.Uri).GetBlobClient(VaultNames.Vm).DownloadContentAsync(Token)));
    }

    [Fact]
    public async Task A_document_of_a_newer_format_is_refused_with_both_versions()
    {
        Uri grant = await GrantAsync();
        await new BlobContainerClient(grant).GetBlobClient(VaultNames.Set(1, 1)).UploadAsync(new BinaryData("""{"formatVersion":3,"kind":"Set"}"""), Token);

        VaultException fault = await Assert.ThrowsAsync<VaultException>(() => new BlobLogStore(grant, TimeProvider.System).ReadSetAsync(1, 1, Token));
        Assert.Equal(VaultFault.Unsupported, fault.Fault);
        Assert.Contains("format version 3; this program reads up to 2", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_for_checksums_takes_the_first_free_number_and_the_same_one_again_is_success()
    {
        BlobLogStore store = new(await GrantAsync(), TimeProvider.System);
        ResyncRequestDocument first = Request();
        ResyncRequestDocument second = Request();

        Assert.Equal(0, (await store.CreateResyncRequestAsync(first, Token)).Request);
        Assert.Equal(0, (await store.CreateResyncRequestAsync(first, Token)).Request);
        Assert.Equal(1, (await store.CreateResyncRequestAsync(second, Token)).Request);
        Assert.Equal(second with { Request = 1 }, await ResyncRequests.ReadAsync(fixture.Account.Open(_id).Log, 1, 8, 1, Token));
    }

    [Fact]
    public async Task A_checksum_table_is_read_in_ranges_counts_as_zeros_behind_its_disk_and_another_one_is_told_apart()
    {
        BlobLogStore store = new(await GrantAsync(), TimeProvider.System);
        Assert.Null(await store.ReadReplicaStateAsync(Token));
        PageBlobClient blob = fixture.Account.Open(_id).Log.GetPageBlobClient(VaultNames.Sums(0));
        byte[] sums = [.. Enumerable.Range(0, 512).Select(index => (byte)index)];
        await blob.CreateAsync(512, cancellationToken: Token);
        PageInfo written = await blob.UploadPagesAsync(new MemoryStream(sums), 0, cancellationToken: Token);
        AnsweredTable table = new(0, VaultNames.Sums(0), written.ETag.ToString(), (10 * BlockSize.Bytes) + 1);
        IChecksumTableReader reader = store.OpenChecksumTable(table);
        byte[] read = [.. Enumerable.Repeat((byte)9, 64)];

        await reader.ReadAsync(9, read, Token);
        Assert.Equal(11, reader.BlockCount);
        Assert.Equal([.. sums[144..176], .. new byte[32]], read);
        await reader.ReadAsync(11, read, Token);
        Assert.Equal(new byte[64], read);

        await blob.UploadPagesAsync(new MemoryStream(sums), 0, cancellationToken: Token);
        Assert.Equal(VaultFault.Changed, (await Assert.ThrowsAsync<VaultException>(() => reader.ReadAsync(0, read, Token))).Fault);
        await blob.DeleteAsync(cancellationToken: Token);
        VaultException gone = await Assert.ThrowsAsync<VaultException>(() => reader.ReadAsync(0, read, Token));
        Assert.Equal(VaultFault.Changed, gone.Fault);
        Assert.DoesNotContain("sig=", gone.ToString(), StringComparison.Ordinal);
    }

    private ResyncRequestDocument Request() => new()
    {
        ProtectionId = _id.ToString(),
        Epoch = 1,
        Sequence = 8,
        Request = 0,
        Attempt = Guid.NewGuid(),
        Reason = "ChangeTrackingLost",
        AskedAt = TestDocuments.Now,
    };

    private static async Task<int> StatusAsync(Func<Task> call) => (await Assert.ThrowsAsync<Azure.RequestFailedException>(call)).Status;

    private async Task<Uri> GrantAsync()
    {
        ProtectionVault vault = fixture.Account.Open(_id);
        await vault.EnsureCreatedAsync(TestDocuments.Vm(_id), TestDocuments.Journal(), Token);
        return await vault.GrantHostAsync(1, TestDocuments.Now, Token);
    }
}
