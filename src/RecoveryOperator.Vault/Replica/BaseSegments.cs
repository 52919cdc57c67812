using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>The base segments that a set completes, one list of them at a time: they can be half a million.</summary>
internal static class BaseSegments
{
    /// <summary>Bytes of all segments of a disk, base and own.</summary>
    public static long LengthBytes(SetDisk disk) =>
        disk.Base.Concat(disk.Segments).Sum(segment => segment.LengthBytes) + (disk.BaseLists?.Sum(list => list.SegmentBytes) ?? 0);

    /// <summary>Whether a disk has any segment, base or own.</summary>
    public static bool HasAny(SetDisk disk) => disk.Base.Count + disk.Segments.Count + (disk.BaseLists?.Count ?? 0) > 0;

    /// <summary>The base segments of a disk, in order, in parts.</summary>
    /// <exception cref="SetDamageException">A list is not what the set says, or lists what the set may not have.</exception>
    public static async IAsyncEnumerable<IReadOnlyList<SegmentRecord>> ReadAsync(
        BlobContainerClient log, SetManifest set, SetDisk disk, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (disk.Base.Count > 0)
            yield return disk.Base;

        foreach (BaseListRecord list in disk.BaseLists ?? [])
        {
            IReadOnlyList<SegmentRecord> segments = await ReadAsync(log, list, cancellationToken);
            if (segments.Count != list.Segments || segments.Sum(segment => segment.LengthBytes) != list.SegmentBytes)
                throw new SetDamageException(list.Blob, "it does not list as many segments or bytes as its set says");
            if (SetCheck.FindBaseFault(set, disk, segments) is { } fault)
                throw new SetDamageException(list.Blob, fault);

            yield return segments;
        }
    }

    /// <summary>A difference is looked at twice before it counts as damage.</summary>
    private static async Task<IReadOnlyList<SegmentRecord>> ReadAsync(BlobContainerClient log, BaseListRecord list, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? content = await FetchAsync(log, list, cancellationToken) ?? await FetchAsync(log, list, cancellationToken);
        if (content is not { } json)
            throw new SetDamageException(list.Blob, "it is missing, or is not what its set says");

        try
        {
            return VaultJson.Read<BaseListDocument>(json, list.Blob).Segments;
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged)
        {
            throw new SetDamageException(list.Blob, unreadable.Message, unreadable);
        }
    }

    private static Task<ReadOnlyMemory<byte>?> FetchAsync(BlobContainerClient log, BaseListRecord list, CancellationToken cancellationToken) => StorageCall.RunAsync<ReadOnlyMemory<byte>?>(
        log.GetBlobClient(list.Blob).Uri,
        async () =>
        {
            try
            {
                byte[]? content = await BoundedDownload.FindAsync(log.GetBlobClient(list.Blob), list.LengthBytes, cancellationToken);
                return content is not null && SetReader.Hash(content) == list.Sha256 ? content : null;
            }
            catch (RequestFailedException missing) when (VaultErrors.IsBlobNotFound(missing))
            {
                return null;
            }
        },
        cancellationToken);
}
