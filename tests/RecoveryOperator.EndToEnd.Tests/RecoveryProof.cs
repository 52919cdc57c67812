using RecoveryOperator.EndToEnd.Tests.World;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>What must hold after a failover, whatever happened before it.</summary>
internal static class RecoveryProof
{
    private static readonly TimeSpan LongestBeat = TimeSpan.FromSeconds(3);

    /// <summary>Waits until the guest is up on host B, and compares what it found with what was written on host A.</summary>
    public static async Task GuestIsWholeAsync(ProductWorld world, int seconds = 180)
    {
        var written = world.Console("a").LastWrite;
        await Until.HoldsAsync(seconds, "web-1 is up on host B", () => Task.FromResult(world.Console("b").Recovered is not null), world.CancellationToken);
        var found = world.Console("b").Recovered!;
        Assert.Equal(0, found.Holes);
        Assert.InRange(found.First, 1, written);
        Assert.InRange(found.First - found.Second, 0, 1);
        await Until.HoldsAsync(
            90, "the plan is FailedOver", async () => await world.Cluster.PhaseAsync("rplan/shop") == "FailedOver", world.CancellationToken);
        await Until.HoldsAsync(60, "web-1 writes on host B", () => Task.FromResult(world.Console("b").LastBeat > found.First + 1), world.CancellationToken);
    }

    /// <summary>One full copy, one seal, one operation that succeeded.</summary>
    public static async Task HappenedOnceAsync(ProductWorld world, IReadOnlyList<string> baseSegments, string operation)
    {
        var sets = await world.Vault.SetsAsync();
        Assert.Equal(SetKind.Seal, sets[^1].Kind);
        Assert.Single(sets, set => set.Kind == SetKind.Seal);
        Assert.Single(sets, set => set.Completes == Completes.Initial);
        Assert.DoesNotContain(sets, set => set.Completes == Completes.Resync);
        Assert.Equal(baseSegments, await world.Vault.BaseSegmentsAsync());
        Assert.All(sets.Skip(1), set => Assert.True(
            set.Disks.Sum(disk => disk.ChangedBytes) < set.Disks.Sum(disk => disk.SizeBytes) / 4 || set.Kind == SetKind.Seal,
            $"set {set.Sequence} carries {set.Disks.Sum(disk => disk.ChangedBytes)} bytes: that is no delta"));
        var journal = await world.Vault.JournalAsync();
        Assert.Equal(2, journal.Epoch);
        Assert.Equal("Succeeded", Assert.Single(journal.Operations, entry => entry.Id == operation).State);
    }

    /// <summary>
    /// Every recovery point holds an unbroken prefix of the heartbeat on both disks, of one instant, and each more than the one before. An agent that comes back
    /// may cut twice between two beats of a guest that waits for its share of a loaded machine: such a pair may hold the same.
    /// </summary>
    public static async Task PointsGrowAsync(ProductWorld world)
    {
        var before = new RecoveredHeartbeat(0, 0, 0);
        var instant = DateTimeOffset.MinValue;
        foreach (var point in await world.Vault.PointsAsync())
        {
            var found = await (world.Hypervisor == "libvirt" ? world.Vault.GuestHeartbeatAsync(point, world.Folder) : world.Vault.HeartbeatAsync(point, world.Folder));
            Assert.True(found.Holes == 0, $"point {point.Epoch}/{point.Sequence} has {found.Holes} holes");
            Assert.True(found.First - found.Second is 0 or 1, $"point {point.Epoch}/{point.Sequence} is of no one instant: {found}");
            var apart = point.Instant - instant;
            Assert.True(
                found.First > before.First || (found.First == before.First && apart < LongestBeat),
                $"point {point.Epoch}/{point.Sequence} holds {found}, the one before it {before}, {apart} apart");
            (before, instant) = (found, point.Instant);
        }
    }
}
