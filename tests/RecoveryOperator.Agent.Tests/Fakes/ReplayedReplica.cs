using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>Applies committed sets in order, as the vault agent does, into memory.</summary>
public sealed class ReplayedReplica(Func<string, byte[]> readBlob)
{
    /// <summary>Data keys for encrypted sets.</summary>
    public List<DataKey> Keys { get; } = [];

    public Dictionary<int, byte[]> Disks { get; } = [];

    public async Task ApplyAsync(SetManifest set, CancellationToken cancellationToken)
    {
        foreach (SetDisk disk in set.Disks)
        {
            if (!Disks.TryGetValue(disk.Index, out byte[]? content))
                Disks[disk.Index] = content = new byte[disk.SizeBytes];
            MemoryDisk target = new(content);
            foreach (SegmentRecord segment in disk.Base)
                await ApplyAsync(set, disk, segment, 0, target, cancellationToken);
            foreach (SegmentRecord segment in disk.Segments)
                await ApplyAsync(set, disk, segment, set.Sequence, target, cancellationToken);
        }
    }

    private async Task ApplyAsync(SetManifest set, SetDisk disk, SegmentRecord segment, long sequence, MemoryDisk target, CancellationToken cancellationToken)
    {
        byte[] content = readBlob(segment.Blob);
        Assert.Equal(segment.LengthBytes, content.Length);
        SegmentIdentity identity = new(ProtectionId.Parse(set.ProtectionId), set.Epoch, sequence, segment.Attempt, disk.Index, segment.Segment);
        await new SegmentApplier(keys: new DataKeyRing(Keys)).ApplyAsync(content, identity, target, cancellationToken);
    }

    private sealed class MemoryDisk(byte[] content) : IReplicaDisk
    {
        public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            data.CopyTo(content.AsMemory((int)offsetBytes));
            return default;
        }

        public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken)
        {
            content.AsSpan((int)range.OffsetBytes, (int)range.LengthBytes).Clear();
            return default;
        }

        public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken) => default;
    }
}
