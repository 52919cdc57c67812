using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Azure.Storage.Blobs.Models;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica.Logs;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Removes segments that no manifest names: of attempts that were given up. Only where no manifest can come any more that would name them: in the folder of
/// a set that is applied, and base data older than an applied set that completes a copy (what is younger may be of a resynchronization under way).
/// </summary>
internal sealed class LogSweeper(ProtectionVault vault, LogBlobs blobs)
{
    /// <summary>Sweeps the set's own folder, and the base data of its epoch when it completes a copy.</summary>
    /// <returns>Blobs removed.</returns>
    public async Task<int> SweepAsync(StoredSet set, CancellationToken cancellationToken)
    {
        SetManifest applied = set.Manifest;
        HashSet<UInt128> named = [KeyOf(VaultNames.Set(applied.Epoch, applied.Sequence))];
        foreach (SetDisk disk in applied.Disks)
        {
            named.UnionWith(disk.Segments.Select(segment => KeyOf(segment.Blob)));
            named.UnionWith(disk.BaseLists?.Select(list => KeyOf(list.Blob)) ?? []);
            await foreach (IReadOnlyList<SegmentRecord> part in BaseSegments.ReadAsync(vault.Log, applied, disk, cancellationToken))
                named.UnionWith(part.Select(segment => KeyOf(segment.Blob)));
        }

        int removed = await SweepAsync(VaultNames.SetFolder(applied.Epoch, applied.Sequence), named, DateTimeOffset.MaxValue, cancellationToken);
        if (applied.Completes != Completes.None)
            removed += await SweepAsync(VaultNames.BaseFolder(applied.Epoch), named, set.StoredAt, cancellationToken);
        return removed;
    }

    private async Task<int> SweepAsync(string folder, HashSet<UInt128> named, DateTimeOffset olderThan, CancellationToken cancellationToken)
    {
        List<string> unnamed = [];
        GetBlobsOptions options = new() { Prefix = folder };
        IAsyncEnumerable<BlobItem> listed = StorageCall.ListAsync(vault.Log.Uri, vault.Log.GetBlobsAsync(options, cancellationToken), cancellationToken);
        await foreach (BlobItem blob in listed.WithCancellation(cancellationToken))
        {
            if (!named.Contains(KeyOf(blob.Name)) && blob.Properties.LastModified < olderThan)
                unnamed.Add(blob.Name);
        }

        return await blobs.RemoveAsync(unnamed, cancellationToken);
    }

    /// <summary>A name in 16 bytes: there can be half a million. Two names of one key would keep a blob that could go, no more.</summary>
    private static UInt128 KeyOf(string name)
    {
        Span<byte> key = stackalloc byte[BlockChecksum.LengthBytes];
        BlockChecksum.Compute(MemoryMarshal.AsBytes(name.AsSpan()), key);
        return BinaryPrimitives.ReadUInt128BigEndian(key);
    }
}
