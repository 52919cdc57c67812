using System.Text.Json;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Testing.Storage;

namespace RecoveryOperator.Operator.Tests.Fixtures;

/// <summary>Writes what a vault agent would have written once it has applied a set of a one-disk machine.</summary>
internal sealed class ReplicaWriter(Azurite azurite)
{
    private const int DiskBytes = 1 << 20;
    private readonly BlobServiceClient _service = new(azurite.Endpoint, new StorageSharedKeyCredential(azurite.AccountName, azurite.AccountKey));

    public async Task<bool> ExistsAsync(string protectionId, CancellationToken cancellationToken) =>
        await _service.GetBlobContainerClient($"{protectionId}-replica").ExistsAsync(cancellationToken);

    public async Task<bool> HasGrantAsync(string protectionId, CancellationToken cancellationToken) =>
        (await _service.GetBlobContainerClient($"{protectionId}-log").GetAccessPolicyAsync(cancellationToken: cancellationToken)).Value.SignedIdentifiers.Any();

    public async Task<DateTimeOffset?> GrantExpiryAsync(string protectionId, CancellationToken cancellationToken) =>
        (await _service.GetBlobContainerClient($"{protectionId}-log").GetAccessPolicyAsync(cancellationToken: cancellationToken)).Value.SignedIdentifiers
            .FirstOrDefault()?.AccessPolicy.PolicyExpiresOn;

    public async Task SetGrantExpiryAsync(string protectionId, DateTimeOffset expiresOn, CancellationToken cancellationToken)
    {
        var log = _service.GetBlobContainerClient($"{protectionId}-log");
        var all = (await log.GetAccessPolicyAsync(cancellationToken: cancellationToken)).Value.SignedIdentifiers.ToList();
        all[0].AccessPolicy.PolicyExpiresOn = expiresOn;
        await log.SetAccessPolicyAsync(permissions: all, cancellationToken: cancellationToken);
    }

    public async Task<string> ReadAsync(string protectionId, string blob, CancellationToken cancellationToken) =>
        (await _service.GetBlobContainerClient($"{protectionId}-replica").GetBlobClient(blob).DownloadContentAsync(cancellationToken)).Value.Content.ToString();

    public Task WriteAsync(string protectionId, string blob, string content, CancellationToken cancellationToken) =>
        _service.GetBlobContainerClient($"{protectionId}-replica").GetBlobClient(blob).UploadAsync(BinaryData.FromString(content), overwrite: true, cancellationToken);

    public async Task ApplyAsync(string protectionId, long sequence, DateTimeOffset instant, CancellationToken cancellationToken)
    {
        var replica = _service.GetBlobContainerClient($"{protectionId}-replica");
        var log = _service.GetBlobContainerClient($"{protectionId}-log");
        var disk = replica.GetPageBlobClient("disk-0.vhd");
        await disk.CreateIfNotExistsAsync(DiskBytes + 512, cancellationToken: cancellationToken);
        var footer = new byte[512];
        "conectix"u8.CopyTo(footer);
        using var content = new MemoryStream(footer);
        await disk.UploadPagesAsync(content, DiskBytes, cancellationToken: cancellationToken);
        var sums = log.GetPageBlobClient("sums/disk-0.sum");
        await sums.CreateIfNotExistsAsync(512, cancellationToken: cancellationToken);
        var snapshot = (await disk.CreateSnapshotAsync(cancellationToken: cancellationToken)).Value.Snapshot;
        var sumsSnapshot = (await sums.CreateSnapshotAsync(cancellationToken: cancellationToken)).Value.Snapshot;
        await WriteAsync(protectionId, $"points/{1:D10}-{sequence:D20}.json", Json(new
        {
            formatVersion = 1,
            epoch = 1,
            sequence,
            instant,
            consistency = "CrashConsistent",
            setSha256 = "ab",
            createdAt = instant,
            machine = new { id = "m", name = "m", definition = new { } },
            disks = new[] { new { index = 0, target = "vda", sizeBytes = DiskBytes, blob = "disk-0.vhd", snapshot, sumsSnapshot } },
        }), cancellationToken);
        var point = new { epoch = 1, sequence, instant, consistency = "CrashConsistent" };
        await WriteAsync(protectionId, "applied.json", Json(new { formatVersion = 1, epoch = 1, sequence, latestPoint = point, oldestPoint = point, pointCount = sequence }), cancellationToken);
    }

    private static string Json(object document) => JsonSerializer.Serialize(document);
}
