using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;
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
        BlobLogStore store = new(await vault.GrantHostAsync(1, TestDocuments.Now, token), TimeProvider.System);
        return new ReplicaScene(fixture, id, new SourceMachine(id, store, seed, diskSizes));
    }

    public LeaseHolder OpenState() => LeaseHolder.Open(_state);

    public ReplicaApplier Applier(LeaseHolder holder, HttpPipelinePolicy? between = null, TimeSpan? leaseDuration = null, TimeSpan? pruneInterval = null)
    {
        VaultAccount account = _fixture.AccountWith(new StorageClientOptions { PerTry = between is null ? [] : [between] });
        ReplicaApplierOptions options = new() { LeaseDuration = leaseDuration ?? TimeSpan.FromSeconds(60), PruneInterval = pruneInterval ?? TimeSpan.Zero };
        return new ReplicaApplier(account, account.Open(Id), holder, options, NullLogger<ReplicaApplier>.Instance);
    }

    /// <summary>Applies all that is committed with a fresh process of the same agent.</summary>
    public async Task<ApplyResult> ApplyAllAsync()
    {
        using LeaseHolder holder = OpenState();
        return await Applier(holder).ApplyAsync(int.MaxValue, null, TestContext.Current.CancellationToken);
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

    /// <summary>The listed points are exactly these, each equal to the source at its instant, and there is no snapshot besides.</summary>
    public async Task AssertPointsAsync(params long[] sequences)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        IReadOnlyList<RecoveryPointDocument> points = await Vault.ListPointsAsync(token);
        Assert.Equal(sequences, points.Select(point => point.Sequence));
        foreach (RecoveryPointDocument point in points)
            await AssertEqualsSourceAsync(point);

        AppliedDocument? applied = await Vault.ReadAppliedAsync(token);
        Assert.Equal((sequences.Length, sequences[^1]), (applied?.PointCount, applied?.LatestPoint?.Sequence));
        List<ListedSnapshot> snapshots = await new SnapshotStore(Vault, null!).ListAsync(token);
        Assert.Equal(points.Sum(point => 2 * point.Disks.Count), snapshots.Count);
    }

    public async Task AssertEqualsSourceAsync(RecoveryPointDocument point)
    {
        byte[][] expected = Source.Instants[point.Sequence];
        Assert.Equal(expected.Length, point.Disks.Count);
        foreach (PointDisk disk in point.Disks)
        {
            byte[] content = await DownloadAsync(Vault.Replica.GetBlobBaseClient(disk.Blob).WithSnapshot(disk.Snapshot));
            Assert.Equal(FixedVhdFooter.BlobLengthOf(disk.SizeBytes), content.Length);
            Assert.True(content.AsSpan(0, (int)disk.SizeBytes).SequenceEqual(expected[disk.Index]), $"Disk {disk.Index} of point {point.Sequence} is another.");
            Assert.True(BlockChecksum.IsZero(content.AsSpan((int)disk.SizeBytes..^512)), $"Disk {disk.Index} of point {point.Sequence} goes on behind its end.");
            Assert.Equal("conectix"u8, content.AsSpan(^512..)[..8]);
            byte[] sums = await DownloadAsync(Vault.Log.GetBlobBaseClient(VaultNames.Sums(disk.Index)).WithSnapshot(disk.SumsSnapshot));
            AssertSums(expected[disk.Index], sums, $"disk {disk.Index} of point {point.Sequence}");
        }
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    private static void AssertSums(byte[] content, byte[] sums, string what)
    {
        Span<byte> expected = stackalloc byte[BlockChecksum.LengthBytes];
        for (int block = 0; block * BlockSize.Bytes < content.Length; block++)
        {
            ReadOnlySpan<byte> piece = content.AsSpan(block * BlockSize.Bytes, Math.Min(BlockSize.Bytes, content.Length - (block * BlockSize.Bytes)));
            expected.Clear();
            if (!BlockChecksum.IsZero(piece))
                BlockChecksum.Compute(piece, expected);
            Assert.True(expected.SequenceEqual(sums.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes)), $"Checksum of block {block} of {what} is another.");
        }
    }

    private static async Task<byte[]> DownloadAsync(BlobBaseClient blob)
    {
        BlobDownloadResult content = await blob.DownloadContentAsync(TestContext.Current.CancellationToken);
        return content.Content.ToArray();
    }
}
