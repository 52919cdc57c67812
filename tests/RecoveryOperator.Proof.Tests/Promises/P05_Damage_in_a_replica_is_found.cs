using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Verify;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P5: one flipped bit anywhere in a point's snapshots, of a disk or of its checksums, is found by reading the point, and its place is told.</summary>
public sealed class P05_Damage_in_a_replica_is_found
{
    [Fact]
    public Task One_flipped_bit_of_a_replica_is_found_by_verification() => Promise.HoldsAsync(world => ScenarioAsync(world, compares: true));

    [Fact]
    public async Task Without_comparing_it_is_called_whole()
    {
        Exception? seen = await Record.ExceptionAsync(() => Promise.HoldsAsync(world => ScenarioAsync(world, compares: false)));

        Assert.NotNull(seen);
        TestContext.Current.TestOutputHelper?.WriteLine($"without {nameof(VerifyOptions.Compare)}: {seen.Message}");
    }

    /// <summary>The footer, and what is between it and the disk's end: no block is compared there, so damage would be found in every point for ever.</summary>
    [Fact]
    public Task What_stands_behind_a_disks_end_is_found_and_mended() => Promise.HoldsAsync(async world =>
    {
        world.Fill(0, 1, 1);
        await world.SettleAsync();
        PointDisk disk = (await world.Vault.ListPointsAsync(World.Token))[^1].Disks[0];
        world.Service.FlipBit(VaultNames.ReplicaContainer(world.Id), disk.Blob, null, FixedVhdFooter.OffsetOf(disk.SizeBytes) + 3);
        world.IsReplicaDamaged = true;
        await world.CommitAsync();
        await world.ApplyAllAsync();
        Assert.False((await world.VerifyAsync((await world.NewestPointAsync())!)).IsWhole, "what stands behind the end is not found");

        await world.SettleAsync();
        Assert.True((await world.ReadBackAsync((await world.NewestPointAsync())!)).IsWhole, "it is not mended");
    });

    private static async Task ScenarioAsync(World world, bool compares)
    {
        world.Fill(0, 1, 1);
        world.Fill(1, 15, 2);
        await world.SettleAsync();
        RecoveryPointDocument point = (await world.Vault.ListPointsAsync(World.Token))[^1];
        PointVerifier verifier = new(world.Vault, new VerifyOptions { Compare = compares, TimeProvider = world.Time, Patience = TimeSpan.Zero });
        Assert.True((await verifier.RunAsync(point, null, null, World.Token)).IsWhole, "a whole point");
        Random random = new(Budget.Seed);
        for (int flips = 0; flips < 40; flips++)
        {
            PointDisk disk = point.Disks[random.Next(point.Disks.Count)];
            bool inSums = random.Next(4) == 0;
            string container = inSums ? VaultNames.LogContainer(world.Id) : VaultNames.ReplicaContainer(world.Id);
            (string blob, string snapshot) = inSums ? (VaultNames.Sums(disk.Index), disk.SumsSnapshot) : (disk.Blob, disk.Snapshot);
            long block = random.NextInt64(disk.SizeBytes / 65536);
            long offset = inSums ? block * 16 : (block * 65536) + random.Next(65536);
            world.Service.FlipBit(container, blob, snapshot, offset);
            PointVerification found = await verifier.RunAsync(point, null, null, World.Token);
            Assert.True(!found.IsWhole, $"a flipped bit at {offset} of {blob} is not found");
            Assert.Equal(block * 65536, Assert.Single(found.Disks.Single(verified => verified.Index == disk.Index).BadRanges).OffsetBytes);
            world.Service.FlipBit(container, blob, snapshot, offset);
        }
    }
}
