using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>Agents need no control plane, and a cluster is only a copy of what the vault knows.</summary>
[Collection(ProductWorld.Collection)]
public sealed class AutonomyTests
{
    private static readonly string[] ControlPlane = ["operator", "apiserver", "vault-agent"];

    [Fact]
    public Task Replication_goes_on_without_the_control_plane() => ProductWorld.RunAsync("images", async world =>
    {
        await world.ProtectAsync();
        foreach (var part in ControlPlane)
            await world.StopAsync(part);

        var committed = await world.Vault.CommittedSequenceAsync();
        var applied = await world.Vault.AppliedSequenceAsync();
        await Until.HoldsAsync(
            120, "two more sets are committed", async () => await world.Vault.CommittedSequenceAsync() >= committed + 2, world.CancellationToken);
        Assert.Equal(applied, await world.Vault.AppliedSequenceAsync());
        var sets = await world.Vault.SetsAsync();

        foreach (var part in ControlPlane.Reverse())
            await world.StartAsync(part);
        await Until.HoldsAsync(
            60, "every set is a recovery point", async () => await world.Vault.AppliedSequenceAsync() >= sets.Count, world.CancellationToken);
        var points = await world.Vault.PointsAsync();
        Assert.Equal(sets.Select(set => (set.Sequence, set.Instant)), points.Take(sets.Count).Select(point => (point.Sequence, point.Instant)));
        await RecoveryProof.PointsGrowAsync(world);
        await world.MakePointAsync();
    });

    [Fact]
    public Task A_cluster_rebuilt_from_manifests_adopts_its_replicas_and_repeats_no_operation() => ProductWorld.RunAsync("images", async world =>
    {
        await world.ProtectAsync();
        await world.MakePointAsync();
        var baseSegments = await world.Vault.BaseSegmentsAsync();
        var points = await world.Vault.PointsAsync();
        var shippedBytes = await world.MetricAsync("recovery_shipped_bytes_total");

        await world.WipeAsync();
        await world.ApplyAsync("01-sites");
        await world.ApplyAsync("02-protection");
        await Until.HoldsAsync(90, "web-1 is Protected again", async () => await world.Cluster.PhaseAsync("pvm/web-1") == "Protected", world.CancellationToken);
        Assert.True(int.Parse(await world.Cluster.GetAsync("pvm/web-1", "{.status.recoveryPoints.count}"), null) >= points.Count);
        await world.MakePointAsync();
        Assert.Equal(baseSegments, await world.Vault.BaseSegmentsAsync());
        Assert.Equal(points.Select(point => point.SetSha256), (await world.Vault.PointsAsync()).Take(points.Count).Select(point => point.SetSha256));
        var laterSets = (await world.Vault.SetsAsync()).Skip(points.Count).ToList();
        Assert.Equal(
            laterSets.Sum(set => set.Disks.Sum(disk => disk.Segments.Sum(segment => segment.LengthBytes))),
            await world.MetricAsync("recovery_shipped_bytes_total") - shippedBytes);

        await world.LoseHostAAsync();
        await world.ApplyAsync("03-failover");
        await RecoveryProof.GuestIsWholeAsync(world);
        await RecoveryProof.HappenedOnceAsync(world, baseSegments, "site-a-lost");

        var journals = await world.Vault.JournalVersionsAsync();
        await world.WipeAsync();
        await world.ApplyAsync("01-sites");
        await world.ApplyAsync("02-protection");
        await world.ApplyAsync("03-failover");
        await Until.HoldsAsync(60, "the plan is FailedOver", async () => await world.Cluster.PhaseAsync("rplan/shop") == "FailedOver", world.CancellationToken);
        await Until.HoldsAsync(60, "web-1 is FailedOver", async () => await world.Cluster.PhaseAsync("pvm/web-1") == "FailedOver", world.CancellationToken);
        Assert.Equal(journals, await world.Vault.JournalVersionsAsync());
    });
}
