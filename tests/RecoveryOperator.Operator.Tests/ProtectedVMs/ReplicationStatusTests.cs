using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

/// <summary>What is shown of copying and shipping, and what becomes of it when the agent falls silent. On a real API server.</summary>
public class ReplicationStatusTests(Cluster cluster)
{
    private const long Mebibyte = 1 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_shows_its_pace_its_end_and_each_disk_and_no_pace_once_the_agent_is_silent()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        var done = 0L;
        CopyProgressStatus? progress = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                done = Math.Min(done + Mebibyte, 900 * Mebibyte);
                world.Agent.Report(id, s => s.Initial = Copy(done));
                return (progress = (await world.ReadAsync("vm", Cancel))!.Status!.Progress) is { BytesPerSecond: > 0, EstimatedEndTime: not null };
            },
            Cancel);

        Assert.InRange(progress!.EstimatedEndTime!.Value, progress.ObservedTime!.Value, DateTimeOffset.MaxValue);
        Assert.Equal(["vda", "vdb"], progress.ByDisk.Select(d => d.Name));
        Assert.Equal((100, 100 * Mebibyte, 900 * Mebibyte), (progress.ByDisk[0].Percent, progress.ByDisk[0].BytesDone, progress.ByDisk[1].BytesTotal));

        await world.Agent.StopAsync();
        var silent = (await world.WaitAsync("vm", s => s.Progress is { BytesPerSecond: null, EstimatedEndTime: null }, Cancel)).Progress!;
        Assert.True(silent.ObservedTime >= progress.ObservedTime && silent.Percent >= progress.Percent, $"{silent}");
    }

    [Fact]
    public async Task What_is_shipped_processed_waiting_stored_and_due_is_shown_and_a_silent_agents_part_is_not()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        var instant = DateTimeOffset.UtcNow;
        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence, s.CommittedInstant, s.NextCycle) = (Agent.ProtectionPhase.Replicating, 7, instant.ToTimestamp(), instant.AddSeconds(30).ToTimestamp()));
        await world.Replicas.ApplyAsync(id, 5, instant.AddSeconds(-60), Cancel);
        await StoredAsync(world, id, instant);

        var settled = await world.WaitAsync("vm", s => s is { LastShipped.Sequence: 7, LastRecoveryPoint.Sequence: 5, Schedule.NextCycleTime: not null, Storage: not null }, Cancel);
        Assert.Null(settled.Backlog);
        Assert.Equal((3 * Mebibyte, 2 * Mebibyte, Mebibyte), (settled.Storage!.DiskBytes, settled.Storage.SnapshotBytesAtMost, settled.Storage.LogBytes));
        Assert.Equal(instant.AddSeconds(30).ToUnixTimeSeconds(), settled.Schedule!.NextCycleTime!.Value.ToUnixTimeSeconds());
        Assert.Null(settled.Schedule.RetryTime);

        await Eventually.HoldsAsync(
            async () => (await world.Client.GetAsync<RecoveryVault>(new(world.Namespace, "vault"), Cancel))!.Status?.Storage is { DiskBytes: 3 * Mebibyte, SnapshotBytesAtMost: 2 * Mebibyte, LogBytes: Mebibyte, Replicas: 1 },
            Cancel);

        world.Agent.Report(id, s => (s.CutsWaiting, s.PendingBytes, s.RetryAt) = (4, (9 * Mebibyte) - 5, instant.AddMinutes(2).ToTimestamp()));
        var behind = await world.WaitAsync("vm", s => s.Backlog is not null && s.Schedule?.RetryTime is not null, Cancel);
        Assert.Equal((4, 9 * Mebibyte), (behind.Backlog!.Sets, behind.Backlog.Bytes));

        // A quarter less is told, a little less is not.
        world.Agent.Report(id, s => s.PendingBytes = 3 * Mebibyte);
        await world.WaitAsync("vm", s => s.Backlog?.Bytes == 3 * Mebibyte, Cancel);

        await world.Agent.StopAsync();
        await world.WaitAsync("vm", s => s is { LastShipped: null, Schedule: null, Backlog: null, LastRecoveryPoint: not null, Storage: not null }, Cancel);
        await Eventually.HoldsAsync(
            async () => (await world.Client.GetAsync<RecoveryHost>(new(world.Namespace, "host"), Cancel))!.Status!.Conditions.Single(c => c.Type == "DriverMatchesSite") is { Status: "Unknown", Reason: "AgentSilent" },
            Cancel);
    }

    private static Agent.CopyProgress Copy(long doneBytes) => new()
    {
        Disk = 2,
        Disks = 2,
        BytesDone = (100 * Mebibyte) + doneBytes,
        BytesTotal = 1000 * Mebibyte,
        ByDisk =
        {
            new Agent.DiskCopyProgress { Target = "vda", BytesDone = 100 * Mebibyte, BytesTotal = 100 * Mebibyte },
            new Agent.DiskCopyProgress { Target = "vdb", BytesDone = doneBytes, BytesTotal = 900 * Mebibyte },
        },
    };

    private static async Task StoredAsync(TestWorld world, string id, DateTimeOffset at)
    {
        var applied = await world.Replicas.ReadAsync(id, "applied.json", Cancel);
        var measured = $$"""{"storageMeasuredAt":"{{at:O}}","replicaAllocatedBytes":{{3 * Mebibyte}},"snapshotBytesAtMost":{{2 * Mebibyte}},"logBytes":{{Mebibyte}},""";
        await world.Replicas.WriteAsync(id, "applied.json", measured + applied.TrimStart('{'), Cancel);
    }
}
