using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Host;

/// <summary>
/// Moves long rows of base segments out of a manifest into blobs of their own, created before the commit, so that <c>set.json</c> stays small for everybody who reads it
/// (docs/formats/vault-layout.md, "Many base segments"). The same manifest always gives the same blobs.
/// </summary>
internal static class BaseListWriter
{
    /// <summary>Segments in a list: about 450 KiB of JSON, which stand for 32 GiB of disk.</summary>
    public const int SegmentsPerList = 2048;

    /// <summary>Creates the lists, and returns the manifest that names them.</summary>
    /// <param name="manifest">The manifest with all base segments in it.</param>
    /// <param name="segmentsPerList">Rows that are not longer stay where they are.</param>
    /// <param name="create">Creates a blob; one of the same content is success.</param>
    public static async Task<SetManifest> WriteAsync(
        SetManifest manifest, int segmentsPerList, Func<string, ReadOnlyMemory<byte>, Task> create)
    {
        if (manifest.Attempt is not { } attempt || manifest.Disks.All(disk => disk.Base.Count <= segmentsPerList))
            return manifest;

        List<SetDisk> disks = [];
        foreach (SetDisk disk in manifest.Disks)
        {
            if (disk.Base.Count <= segmentsPerList)
            {
                disks.Add(disk);
                continue;
            }

            List<BaseListRecord> lists = [];
            foreach (SegmentRecord[] part in disk.Base.Chunk(segmentsPerList))
            {
                string blob = VaultNames.BaseList(manifest.Epoch, manifest.Sequence, attempt, disk.Index, lists.Count);
                byte[] content = VaultJson.Write(new BaseListDocument { Segments = part });
                await create(blob, content);
                lists.Add(new BaseListRecord(blob, content.Length, SetReader.Hash(content), part.Length, part.Sum(segment => segment.LengthBytes)));
            }

            disks.Add(disk with { Base = [], BaseLists = lists });
        }

        return manifest with { Disks = disks };
    }
}
