using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>A segment of a committed set that was not applied yet is flipped in one bit, or gone.</summary>
internal sealed record DamageSet(double Choice, double Place, bool Deletes) : Step
{
    public override async Task RunAsync(World world)
    {
        await world.LookForSetsAsync();
        AppliedDocument? applied = await world.Vault.ReadAppliedAsync(World.Token);
        SegmentRecord[] waiting =
        [
            .. world.Sets.Where(set => set.Key.CompareTo((applied?.Epoch ?? 0, applied?.Sequence ?? 0)) > 0 && set.Key.Epoch == world.Epoch)
                .SelectMany(set => set.Value.Manifest.Disks).SelectMany(disk => disk.Base.Concat(disk.Segments)),
        ];
        if (waiting.Length == 0)
            return;
        SegmentRecord segment = waiting[(int)(Choice * (waiting.Length - 1))];
        // An earlier damage may have taken it already.
        if (!await world.Vault.Log.GetBlobClient(segment.Blob).ExistsAsync(World.Token))
            return;
        world.IsChainDamaged = true;
        world.Note($"damaged {segment.Blob}");
        if (Deletes)
            await world.Vault.Log.GetBlobClient(segment.Blob).DeleteAsync(cancellationToken: World.Token);
        else
            world.Service.FlipBit(VaultNames.LogContainer(world.Id), segment.Blob, null, (long)(Place * (segment.LengthBytes - 1)));
    }
}

/// <summary>A bit of a replica's disk, or of its checksums, flips: in a point's snapshot, or in what the next points are made of.</summary>
internal sealed record DamageReplica(double Choice, double Place, bool InSnapshot, bool InSums) : Step
{
    public override async Task RunAsync(World world)
    {
        IReadOnlyList<RecoveryPointDocument> points = await world.Vault.ListPointsAsync(World.Token);
        if (points.Count == 0)
            return;
        RecoveryPointDocument point = InSnapshot ? points[(int)(Choice * (points.Count - 1))] : points[^1];
        PointDisk disk = point.Disks[(int)(Choice * (point.Disks.Count - 1))];
        string container = InSums ? VaultNames.LogContainer(world.Id) : VaultNames.ReplicaContainer(world.Id);
        (string blob, string snapshot) = InSums ? (VaultNames.Sums(disk.Index), disk.SumsSnapshot) : (disk.Blob, disk.Snapshot);
        long size = InSums ? BlockSize.Count(disk.SizeBytes) * BlockChecksum.LengthBytes : disk.SizeBytes;
        long offset = (long)(Place * (size - 1));
        world.IsReplicaDamaged = true;
        world.Note($"flipped a bit at {offset} of {blob}{(InSnapshot ? $" in point {point.Epoch}-{point.Sequence}" : "")}");
        world.Service.FlipBit(container, blob, InSnapshot ? snapshot : null, offset);
    }
}

/// <summary>A listed point is verified, and what was found is recorded.</summary>
internal sealed record Verify(double Choice) : Step
{
    public override async Task RunAsync(World world)
    {
        IReadOnlyList<RecoveryPointDocument> points = await world.Vault.ListPointsAsync(World.Token);
        if (points.Count > 0)
            await world.VerifyAsync(points[(int)Math.Round(Choice * (points.Count - 1))]);
    }
}
