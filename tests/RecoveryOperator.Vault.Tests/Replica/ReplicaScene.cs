using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Replica.Rollback;
using RecoveryOperator.Vault.Storage;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Tests.Replica;

/// <summary>A protection with a source, appliers as processes with a state folder, and the comparison of all points with the source.</summary>
internal sealed class ReplicaScene : IDisposable
{
    private readonly AzuriteFixture _fixture;
    private readonly string _state = Directory.CreateTempSubdirectory("vault-agent-").FullName;

    private ReplicaScene(AzuriteFixture fixture, ProtectionId id, SourceMachine source)
    {
        _fixture = fixture;
        Id = id;
        Source = source;
        Vault = fixture.Account.Open(id);
    }

    public ProtectionId Id { get; }

    public SourceMachine Source { get; }

    public ProtectionVault Vault { get; }

    public static async Task<ReplicaScene> CreateAsync(AzuriteFixture fixture, int seed, params int[] diskSizes)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        ProtectionId id = AzuriteFixture.NewId();
        ProtectionVault vault = fixture.Account.Open(id);
        await vault.EnsureCreatedAsync(TestDocuments.Vm(id), TestDocuments.Journal(), token);
        BlobLogStore store = new(await vault.GrantHostAsync(1, TestDocuments.Now, token), TimeProvider.System) { SegmentsPerBaseList = 3 };
        return new ReplicaScene(fixture, id, new SourceMachine(id, store, seed, diskSizes));
    }

    public LeaseHolder OpenState() => LeaseHolder.Open(_state);

    public ReplicaApplier Applier(LeaseHolder holder, HttpPipelinePolicy? between = null, TimeSpan? leaseDuration = null, TimeSpan? pruneInterval = null, bool writesCarryLease = true, IKeyEncryptionKeys? keys = null, int? computePartBytes = null, TimeSpan? keepLogs = null, int sweptBlobsAtOnce = 10_000)
    {
        VaultAccount account = _fixture.AccountWith(new StorageClientOptions { PerTry = between is null ? [] : [between] });
        ReplicaApplierOptions options = new() { LeaseDuration = leaseDuration ?? TimeSpan.FromSeconds(60), PruneInterval = pruneInterval ?? TimeSpan.Zero, RequestInterval = TimeSpan.Zero, WritesCarryLease = writesCarryLease, EncryptionKeys = keys ?? NoKeyEncryptionKeys.Instance };
        if (keepLogs is { } kept)
            options = options with { KeepLogs = kept, SweptBlobsAtOnce = sweptBlobsAtOnce };
        if (computePartBytes is { } part)
            options = options with { ComputePartBytes = part };
        return new ReplicaApplier(account, account.Open(Id), holder, options, NullLogger<ReplicaApplier>.Instance);
    }

    /// <summary>Applies all that is committed with a fresh process of the same agent.</summary>
    public Task<ApplyResult> ApplyAllAsync() => ApplyAllAsync(NoKeyEncryptionKeys.Instance);

    /// <summary>The same, by an agent that has these keys.</summary>
    public async Task<ApplyResult> ApplyAllAsync(IKeyEncryptionKeys keys)
    {
        using LeaseHolder holder = OpenState();
        return await Applier(holder, keys: keys).ApplyAsync(int.MaxValue, null, TestContext.Current.CancellationToken);
    }

    /// <summary>Only the pages and tables of a rollback, without its frame: what is known of a half-applied set can be left out.</summary>
    public async Task RollBackAsync(LeaseHolder holder, RecoveryPointDocument point, HalfAppliedSet? half)
    {
        await using LeaseSet leases = new(holder, TimeSpan.FromSeconds(60), TimeProvider.System, NullLogger.Instance);
        PointSummary to = new(point.Epoch, point.Sequence, point.Instant, point.Consistency);
        ReplicaRollback rollback = new(Vault, leases, new ReplicaApplierOptions(), null);
        (bool isDone, _) = await rollback.RunAsync(new RollbackRecord(to, "test", null, half), point, TestDocuments.Now, TestContext.Current.CancellationToken);
        Assert.True(isDone);
    }

    /// <summary>A segment that no manifest names, made later than a time.</summary>
    public async Task<string> OrphanAsync(string blob, DateTimeOffset after = default)
    {
        BlockBlobClient client = Vault.Log.GetBlockBlobClient(blob);
        await Eventually.HoldsAsync(
            async () => (await client.UploadAsync(new MemoryStream([1, 2, 3]), cancellationToken: TestContext.Current.CancellationToken)).Value.LastModified > after,
            TestContext.Current.CancellationToken);
        return blob;
    }

    public async Task<bool> HasLogAsync(string blob) => await Vault.Log.GetBlockBlobClient(blob).ExistsAsync(TestContext.Current.CancellationToken);

    /// <summary>The listed points of the first epoch are exactly these, each equal to the source at its instant, and there is no snapshot besides.</summary>
    public Task AssertPointsAsync(params long[] sequences) => AssertAllPointsAsync([.. sequences.Select(sequence => (1L, sequence))]);

    /// <summary>The same over all epochs; the last one is the newest.</summary>
    public async Task AssertAllPointsAsync(params (long Epoch, long Sequence)[] expected)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        IReadOnlyList<RecoveryPointDocument> points = await Vault.ListPointsAsync(token);
        Assert.Equal(expected, points.Select(point => (point.Epoch, point.Sequence)));
        foreach (RecoveryPointDocument point in points)
            await AssertEqualsSourceAsync(point);

        AppliedDocument? applied = await Vault.ReadAppliedAsync(token);
        Assert.Equal((expected.Length, expected[^1]), (applied!.PointCount, (applied.LatestPoint!.Epoch, applied.LatestPoint.Sequence)));
        List<ListedSnapshot> snapshots = await new SnapshotStore(Vault, null!).ListAsync(token);
        Assert.Equal(points.Sum(point => 2 * point.Disks.Count), snapshots.Count);
    }

    public async Task AssertEqualsSourceAsync(RecoveryPointDocument point)
    {
        SortedDictionary<int, byte[]> expected = Source.Instants[(point.Epoch, point.Sequence)];
        Assert.Equal(expected.Keys, point.Disks.Select(disk => disk.Index));
        foreach (PointDisk disk in point.Disks)
        {
            byte[] content = await DownloadAsync(Vault.Replica.GetBlobBaseClient(disk.Blob).WithSnapshot(disk.Snapshot));
            byte[] sums = await DownloadAsync(Vault.Log.GetBlobBaseClient(VaultNames.Sums(disk.Index)).WithSnapshot(disk.SumsSnapshot));
            AssertDisk(expected[disk.Index], content, sums, $"disk {disk.Index} of point {point.Epoch}-{point.Sequence}");
        }
    }

    /// <summary>What the page blobs and tables themselves hold, not a snapshot of them, is this instant.</summary>
    public async Task AssertHoldsAsync(long epoch, long sequence)
    {
        foreach ((int disk, byte[] expected) in Source.Instants[(epoch, sequence)])
        {
            byte[] content = await DownloadAsync(Vault.Replica.GetBlobBaseClient(VaultNames.Disk(disk)));
            byte[] sums = await DownloadAsync(Vault.Log.GetBlobBaseClient(VaultNames.Sums(disk)));
            AssertDisk(expected, content, sums, $"disk {disk} of the replica");
        }
    }

    /// <summary>The checksums of a disk as tables hold them.</summary>
    public static byte[] SumsOf(byte[] content)
    {
        byte[] sums = new byte[BlockSize.Count(content.Length) * BlockChecksum.LengthBytes];
        for (int block = 0; block * BlockSize.Bytes < content.Length; block++)
        {
            ReadOnlySpan<byte> piece = content.AsSpan(block * BlockSize.Bytes, Math.Min(BlockSize.Bytes, content.Length - (block * BlockSize.Bytes)));
            if (!BlockChecksum.IsZero(piece))
                BlockChecksum.Compute(piece, sums.AsSpan(block * BlockChecksum.LengthBytes));
        }

        return sums;
    }

    /// <summary>Flips a byte of a blob in the log container.</summary>
    public async Task DamageLogAsync(string blob)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        BlobClient client = Vault.Log.GetBlobClient(blob);
        byte[] content = (await client.DownloadContentAsync(token)).Value.Content.ToArray();
        content[^100] ^= 1;
        await client.UploadAsync(new BinaryData(content), overwrite: true, token);
    }

    /// <summary>A page of the replica goes bad, and a scrub finds out.</summary>
    public async Task RotAsync(int disk, long offsetBytes)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        byte[] rot = [.. Enumerable.Repeat((byte)0xEE, 512)];
        await Vault.Replica.GetPageBlobClient(VaultNames.Disk(disk)).UploadPagesAsync(new MemoryStream(rot), offsetBytes, cancellationToken: token);
        AppliedDocument applied = (await Vault.ReadAppliedAsync(token))!;
        ReplicaDamageRecord damage = new(TestDocuments.Now, applied.LatestPoint!, disk, offsetBytes, 1);
        await Vault.Replica.GetBlobClient(VaultNames.Applied).UploadAsync(new BinaryData(VaultJson.Write(applied with { ReplicaDamage = damage })), overwrite: true, token);
    }

    /// <summary>Changes the journal, as the operator does.</summary>
    public async Task WriteJournalAsync(Func<JournalDocument, JournalDocument> change)
    {
        Versioned<JournalDocument> journal = (await Vault.ReadJournalAsync(TestContext.Current.CancellationToken))!;
        Assert.NotNull(await Vault.WriteJournalAsync(change(journal.Value), journal.ETag, TestContext.Current.CancellationToken));
    }

    /// <summary>Seals the present epoch and begins the next one from a point: the failover's choice is final.</summary>
    public async Task BeginEpochAsync(long parentEpoch, long parentSequence)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        long epoch = Source.Epoch + 1;
        await Vault.SealAsync(Source.Epoch, "op", TestDocuments.Now, token);
        PointSummary parent = new(parentEpoch, parentSequence, TestDocuments.Now, Consistency.CrashConsistent);
        await WriteJournalAsync(journal => journal with { Epoch = epoch, Epochs = [.. journal.Epochs, new EpochRecord(epoch, parent, null)] });
        BlobLogStore store = new(await Vault.GrantHostAsync(epoch, TestDocuments.Now, token), TimeProvider.System) { SegmentsPerBaseList = 3 };
        Source.BeginEpoch(epoch, store, (parentEpoch, parentSequence));
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    private static void AssertDisk(byte[] expected, byte[] content, byte[] sums, string what)
    {
        Assert.Equal(FixedVhdFooter.BlobLengthOf(expected.Length), content.Length);
        int differs = content.AsSpan(0, expected.Length).CommonPrefixLength(expected);
        Assert.True(differs == expected.Length, $"Content of {what} is another from byte {differs} on (block {differs / BlockSize.Bytes}).");
        Assert.True(BlockChecksum.IsZero(content.AsSpan(expected.Length..^512)), $"Content of {what} goes on behind its end.");
        Assert.Equal("conectix"u8, content.AsSpan(^512..)[..8]);
        byte[] wanted = SumsOf(expected);
        int differing = sums.AsSpan(0, wanted.Length).CommonPrefixLength(wanted);
        Assert.True(differing == wanted.Length, $"Checksum of block {differing / BlockChecksum.LengthBytes} of {what} is another.");
        Assert.True(BlockChecksum.IsZero(sums.AsSpan(wanted.Length)), $"The table of {what} goes on behind its end.");
    }

    private static async Task<byte[]> DownloadAsync(BlobBaseClient blob)
    {
        BlobDownloadResult content = await blob.DownloadContentAsync(TestContext.Current.CancellationToken);
        return content.Content.ToArray();
    }
}
