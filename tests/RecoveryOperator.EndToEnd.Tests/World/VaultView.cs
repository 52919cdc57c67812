using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Win32.SafeHandles;
using RecoveryOperator.Hypervisors.Images.Guest;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.EndToEnd.Tests.World;

/// <summary>The part of web-1 in the vault, read with the account's key.</summary>
internal sealed class VaultView
{
    private const string Prefix = "demo";
    private const long GuestPartitionStartBytes = 41L << 20;

    private readonly BlobServiceClient _service;
    private readonly ProtectionVault _vault;
    private readonly CancellationToken _cancellationToken;

    public VaultView(string endpoint, string account, string key, CancellationToken cancellationToken)
    {
        _service = new BlobServiceClient(new Uri(endpoint), new StorageSharedKeyCredential(account, key));
        _vault = VaultAccount.Connect(new VaultConnectionOptions { Endpoint = new Uri(endpoint), Prefix = Prefix, AccountName = account, AccountKey = key })
            .Open(ProtectionIds.Derive(Prefix, Kubectl.Namespace, "web-1"));
        _cancellationToken = cancellationToken;
    }

    private BlobContainerClient Log => _service.GetBlobContainerClient(VaultNames.LogContainer(_vault.Id));

    private BlobContainerClient Replica => _service.GetBlobContainerClient(VaultNames.ReplicaContainer(_vault.Id));

    /// <summary>The newest set that is a recovery point; 0 before the first.</summary>
    public async Task<long> AppliedSequenceAsync() => (await _vault.ReadAppliedAsync(_cancellationToken))?.Sequence ?? 0;

    /// <summary>The newest set that stands in an epoch; 0 before the first.</summary>
    public async Task<long> CommittedSequenceAsync(long epoch = 1) =>
        (await _vault.NewestCommittedAsync(epoch, 1, _cancellationToken))?.Manifest.Sequence ?? 0;

    /// <summary>All sets of an epoch in order, with its seal if it has one.</summary>
    public async Task<IReadOnlyList<SetManifest>> SetsAsync(long epoch = 1)
    {
        var sets = new List<SetManifest>();
        while (await _vault.ReadSetAsync(epoch, sets.Count + 1, _cancellationToken) is { } set)
            sets.Add(set.Manifest);
        return sets;
    }

    /// <summary>All recovery points, oldest first.</summary>
    public Task<IReadOnlyList<RecoveryPointDocument>> PointsAsync() => _vault.ListPointsAsync(_cancellationToken);

    /// <summary>The VM's journal.</summary>
    public async Task<JournalDocument> JournalAsync() => (await _vault.ReadJournalAsync(_cancellationToken))!.Value;

    /// <summary>Versions of the VM's and all plans' journals: they change with every write.</summary>
    public async Task<string> JournalVersionsAsync()
    {
        var versions = new List<string> { (await _vault.ReadJournalAsync(_cancellationToken))!.ETag };
        await foreach (var blob in _service.GetBlobContainerClient(VaultNames.PlanContainer).GetBlobsAsync(cancellationToken: _cancellationToken))
            versions.Add($"{blob.Name} {blob.Properties.ETag}");
        return string.Join('\n', versions);
    }

    /// <summary>A blob of the log container, as it is stored.</summary>
    public async Task<byte[]> LogAsync(string blob) => (await Log.GetBlobClient(blob).DownloadContentAsync(_cancellationToken)).Value.Content.ToArray();

    /// <summary>Names of all segments of full copies.</summary>
    public async Task<IReadOnlyList<string>> BaseSegmentsAsync()
    {
        var names = new List<string>();
        await foreach (var blob in Log.GetBlobsAsync(cancellationToken: _cancellationToken))
        {
            if (blob.Name.Contains("/base/", StringComparison.Ordinal))
                names.Add(blob.Name);
        }

        return names;
    }

    /// <summary>What a recovery point of the Images driver's guest holds, read from the snapshots.</summary>
    public async Task<RecoveredHeartbeat> HeartbeatAsync(RecoveryPointDocument point, string folder)
    {
        using var first = await AreaAsync(point.Disks[0], HeartbeatArea.FirstDiskStartBytes, folder);
        using var second = await AreaAsync(point.Disks[1], 0, folder);
        var (onFirst, onSecond) = (HeartbeatArea.OnFirstDisk(first).Scan(), HeartbeatArea.OnSecondDisk(second).Scan());
        return new(onFirst.LastOfPrefix, onSecond.LastOfPrefix, onFirst.Holes + onSecond.Holes);
    }

    /// <summary>The same of the libvirt guest (eng/README.md): partition 2 of its first disk, and the beginning of its second.</summary>
    public async Task<RecoveredHeartbeat> GuestHeartbeatAsync(RecoveryPointDocument point, string folder)
    {
        using var first = await AreaAsync(point.Disks[0], GuestPartitionStartBytes, folder, atBytes: 0);
        using var second = await AreaAsync(point.Disks[1], 0, folder);
        var (onFirst, onSecond) = (HeartbeatArea.OnSecondDisk(first).Scan(), HeartbeatArea.OnSecondDisk(second).Scan());
        return new(onFirst.LastOfPrefix, onSecond.LastOfPrefix, onFirst.Holes + onSecond.Holes);
    }

    /// <summary>A file like the disk, of which only the heartbeat's area is filled; it is gone when closed.</summary>
    private async Task<SafeFileHandle> AreaAsync(PointDisk disk, long startBytes, string folder, long? atBytes = null)
    {
        var blob = Replica.GetPageBlobClient(disk.Blob).WithSnapshot(disk.Snapshot);
        var range = new BlobDownloadOptions { Range = new Azure.HttpRange(startBytes, HeartbeatArea.SecondDiskLengthBytes) };
        var content = (await blob.DownloadContentAsync(range, _cancellationToken)).Value.Content;
        var file = File.OpenHandle(
            Path.Combine(folder, $"{Guid.NewGuid():N}.raw"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
        RandomAccess.SetLength(file, disk.SizeBytes);
        RandomAccess.Write(file, content.ToMemory().Span, atBytes ?? startBytes);
        return file;
    }
}
