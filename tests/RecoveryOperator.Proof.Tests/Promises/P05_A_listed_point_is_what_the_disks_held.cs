using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P5: damage in spool or log is found before it is applied, and a listed point is byte-identical to the disks at its instant.</summary>
public sealed class P05_A_listed_point_is_what_the_disks_held
{
    /// <summary>Found by the model: only the disks that changed were compared, although the replica had lost more.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_set_that_is_damaged_while_disks_change_has_all_disks_compared(bool tracks)
    {
        await using World world = await World.CreateAsync(tracks, Promise.Megabyte, Promise.Megabyte, Promise.Megabyte);
        await Task.Yield();
        world.Fill(1, 0, 1);
        await world.CommitAsync();
        world.Machine.Grow(2, Promise.Megabyte + 40_960);
        await new DamageSet(0, 0, Deletes: true).RunAsync(world);
        await world.SettleAsync();
    }

    [Fact]
    public Task A_segment_that_was_exchanged_for_another_sound_one_is_not_applied() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_comparing_with_the_sets_hash_a_point_holds_what_the_machine_never_held() =>
        Promise.BreaksWithoutAsync(Guard.SegmentHash, ScenarioAsync);

    [Fact]
    public async Task A_flipped_bit_of_a_shipped_segment_is_found_before_it_is_applied()
    {
        Random random = new(Budget.Seed);
        for (int flips = 0; flips < 10; flips++)
            await Promise.HoldsAsync(world => FlipAsync(world, random));
    }

    private static async Task FlipAsync(World world, Random random)
    {
        await world.SettleAsync();
        world.Fill(0, 1, 1);
        await world.CommitAsync();
        SegmentRecord segment = world.Sets[world.Sets.Keys.Max()].Manifest.Disks[0].Segments[0];
        world.Service.FlipBit(VaultNames.LogContainer(world.Id), segment.Blob, null, random.NextInt64(segment.LengthBytes));

        using ApplierProcess applier = new(world, world.ApplierState);
        Assert.Equal(ApplyOutcome.Damaged, (await applier.RunAsync())?.Outcome);
        Assert.DoesNotContain(await world.Vault.ListPointsAsync(World.Token), point => point.Sequence == world.Sets.Keys.Max().Sequence);
        await world.CheckPointsAsync();
    }

    private static async Task ScenarioAsync(World world)
    {
        await world.SettleAsync();
        world.Fill(0, 1, 1);
        await world.CommitAsync();
        SetManifest set = world.Sets[world.Sets.Keys.Max()].Manifest;
        SegmentRecord segment = set.Disks[0].Segments.Single();
        SegmentIdentity identity = new(world.Id, 1, set.Sequence, segment.Attempt, 0, segment.Segment);
        world.Service.Overwrite(VaultNames.LogContainer(world.Id), segment.Blob, await ForgeAsync(identity, set.Disks[0].SizeBytes, segment.LengthBytes));

        using ApplierProcess applier = new(world, world.ApplierState);
        await applier.RunAsync();

        await world.CheckPointsAsync();
        Assert.DoesNotContain(await world.Vault.ListPointsAsync(World.Token), point => point.Sequence == world.Sets.Keys.Max().Sequence);
    }

    /// <summary>A segment of the same place and length that is sound in itself.</summary>
    private static async Task<byte[]> ForgeAsync(SegmentIdentity identity, long diskSizeBytes, long lengthBytes)
    {
        byte[] content = new byte[BlockSize.Bytes];
        new Random(77).NextBytes(content);
        byte[] sum = new byte[BlockChecksum.LengthBytes];
        BlockChecksum.Compute(content, sum);
        using MemoryStream stream = new();
        ChangeLogWriter writer = await ChangeLogWriter.CreateAsync(stream, new SegmentHeader(identity, diskSizeBytes), CancellationToken.None);
        await writer.AppendDataAsync(new Extent(BlockSize.Bytes, content.Length), ChangeLogCodec.Stored, sum, content, CancellationToken.None);
        await writer.CompleteAsync(CancellationToken.None);
        Assert.Equal(lengthBytes, stream.Length);
        return stream.ToArray();
    }
}
