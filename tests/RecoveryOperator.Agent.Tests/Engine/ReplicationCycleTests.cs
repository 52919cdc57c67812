using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Engine;

public sealed class ReplicationCycleTests : IDisposable
{
    private readonly FakeMachine _machine = new(2, (2 * 1024 * 1024) + 4096);
    private readonly EngineBench _bench;

    public ReplicationCycleTests()
    {
        _bench = new EngineBench(_machine);
        Scribble(0, 65536, 500_000);
        Scribble(1, 0, 70_000);
        _bench.Restart();
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_full_copy_tells_how_far_each_disk_is()
    {
        List<CopyProgress> seen = [];
        _machine.OnRead = () => seen.Add(_bench.Context.Copy!);
        await _bench.RunAsync();

        List<CopyProgress> copies = [.. seen.Where(copy => copy is not null)];
        Assert.Contains(copies, copy => copy.Disk == 1);
        CopyProgress ofSecond = copies.First(copy => copy.Disk == 2);
        Assert.Equal(2, ofSecond.ByDisk.Select(disk => disk.Target).Distinct().Count());
        Assert.True(ofSecond.ByDisk[0].BytesTotal > 0);
        Assert.Equal(ofSecond.ByDisk[0].BytesTotal, ofSecond.ByDisk[0].BytesDone);
        Assert.All(copies, copy => Assert.Equal((copy.BytesDone, copy.BytesTotal), (copy.ByDisk.Sum(disk => disk.BytesDone), copy.ByDisk.Sum(disk => disk.BytesTotal))));
    }

    [Fact]
    public async Task An_idle_cycle_reads_no_disk_and_ships_no_segment()
    {
        await _bench.RunAsync();
        long read = _machine.BytesRead;
        int blobs = _bench.Vault.Blobs.Count;

        await _bench.RunAsync();

        Assert.Equal(read, _machine.BytesRead);
        Assert.Equal(read, _bench.Progress.ReadBytesTotal);
        Assert.Equal(blobs, _bench.Vault.Blobs.Count);
        Assert.Equal(2, _bench.Progress.Last!.Sequence);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task P6_A_set_is_app_consistent_when_its_snapshot_was_and_says_why_not_otherwise()
    {
        Want(TimeSpan.FromHours(1));
        await _bench.RunAsync();
        await _bench.RunAsync();
        Want(TimeSpan.FromMilliseconds(1));
        _machine.Quiesced = new SnapshotConsistency(false, QuiesceReasons.ThawFailed, "too late");
        await _bench.RunAsync();

        SetManifest[] sets = [.. _bench.Vault.Manifests(1)];
        Assert.Equal([Consistency.AppConsistent, Consistency.CrashConsistent, Consistency.CrashConsistent], sets.Select(set => set.Consistency));
        Assert.Equal([null, null, "ThawFailed: too late"], sets.Select(set => set.ConsistencyReason));
        Assert.Equal(sets[0].Instant, _bench.Progress.AppConsistency!.CommittedInstant);
        Assert.Equal("ThawFailed: too late", _bench.Progress.AppConsistency.Problem);
    }

    [Fact]
    public async Task A_seal_fences_the_source_and_nothing_ships_any_more()
    {
        await _bench.RunAsync();
        _bench.Vault.Seal(EngineBench.ProtectionId, 1, 2);
        Scribble(0, 0, 4096);

        Assert.Equal(FaultCategory.Fenced, (await FaultOfRunAsync()).Category);
        int blobs = _bench.Vault.Blobs.Count;
        _bench.Restart();
        Fault again = await FaultOfRunAsync();

        Assert.Equal(EnginePhase.Fenced, _bench.Progress.Phase);
        Assert.Equal(FaultReasons.Sealed, again.Reason);
        Assert.Contains("failover-1", again.Message, StringComparison.Ordinal);
        Assert.Equal(blobs, _bench.Vault.Blobs.Count);
    }

    [Fact]
    public async Task A_job_that_could_not_be_ended_is_ended_after_the_next_failure()
    {
        await _bench.RunAsync();
        _machine.LeavesJobs = true;
        Scribble(0, 0, 4096);
        await _bench.RunAsync();
        _machine.LeavesJobs = false;

        Assert.Equal(FaultCategory.Recoverable, FaultTable.Classify(await Assert.ThrowsAsync<HypervisorException>(_bench.RunAsync)).Category);
        await _bench.RunAsync();

        Assert.False(_machine.HasOpenSnapshot);
        Assert.Equal(3, _bench.Progress.Last!.Sequence);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task P8_A_snapshot_that_a_killed_process_left_open_is_told_of()
    {
        await _bench.RunAsync();
        Assert.Null(_bench.Progress.LastIncident);
        await _machine.BeginSnapshotAsync(_machine.MachineId, new SnapshotRequest("other", null, null, []), TestContext.Current.CancellationToken);
        _bench.Restart();

        await _bench.RunAsync();

        Assert.False(_bench.Progress.LastIncident!.GuestWasPaused);
        Assert.Contains("left open", _bench.Progress.LastIncident.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_disks_of_one_size_that_changed_places_give_no_set()
    {
        _machine.Sources = ["/images/a.qcow2", "/images/b.qcow2"];
        await _bench.RunAsync();
        _bench.Restart();
        _machine.Sources = ["/images/b.qcow2", "/images/a.qcow2"];

        Fault fault = await FaultOfRunAsync();

        Assert.Equal(FaultReasons.DisksChanged, fault.Reason);
        Assert.Equal(EnginePhase.ResyncRequired, _bench.Progress.Phase);
        Assert.Single(_bench.Vault.Manifests(1));
    }

    [Fact]
    public async Task An_image_that_was_moved_is_the_same_disk()
    {
        _machine.Sources = ["/images/a.qcow2", "/images/b.qcow2"];
        await _bench.RunAsync();
        _machine.Sources = ["/fast/a.qcow2", "/images/b.qcow2"];

        await _bench.RunAsync();

        Assert.Equal(2, _bench.Progress.Last!.Sequence);
    }

    [Fact]
    public async Task A_foreign_set_is_a_conflict_and_is_not_overwritten()
    {
        await _bench.RunAsync();
        SetManifest foreign = _bench.Vault.Manifests(1).Single() with { Sequence = 2, Attempt = Guid.NewGuid() };
        byte[] standing = VaultJson.Write(foreign);
        _bench.Vault.Sets[(1, 2)] = standing;

        Fault fault = await FaultOfRunAsync();

        Assert.Equal(FaultCategory.NonRecoverable, fault.Category);
        Assert.Equal(FaultReasons.ConflictingSet, fault.Reason);
        Assert.Same(standing, _bench.Vault.Sets[(1, 2)]);
        Assert.Equal(1, _bench.Progress.Last!.Sequence);
    }

    [Fact]
    public async Task While_the_vault_is_away_changes_are_kept_and_come_in_order()
    {
        await _bench.RunAsync();
        Scribble(0, 0, 4096);
        _bench.Vault.Outage = new VaultException(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");
        for (int attempt = 0; attempt < 3; attempt++)
        {
            Fault fault = await FaultOfRunAsync();
            Assert.Equal(FaultReasons.VaultUnavailable, fault.Reason);
            Scribble(1, attempt * 65536, 4096);
        }

        _bench.Vault.Outage = null;
        await _bench.RunAsync();

        Assert.Equal(3, _bench.Progress.Last!.Sequence);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task Damage_in_the_spool_is_not_shipped_and_the_changes_come_with_the_next_cut()
    {
        await _bench.RunAsync();
        Scribble(0, 0, 4096);
        _bench.Vault.Outage = new VaultException(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");
        await FaultOfRunAsync();
        _bench.Vault.Outage = null;
        string file = Assert.Single(Directory.EnumerateFiles(_bench.SpoolFolder, "*.hrl", SearchOption.AllDirectories));
        byte[] content = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        content[200] ^= 1;
        await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);

        Assert.Equal(FaultReasons.SpoolDamaged, (await FaultOfRunAsync()).Reason);
        await _bench.RunAsync();

        Assert.Equal(2, _bench.Progress.Last!.Sequence);
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task Lost_tracking_asks_for_a_resynchronization()
    {
        await _bench.RunAsync();
        _machine.LoseTracking();

        Assert.Equal(FaultCategory.ResyncRequired, (await FaultOfRunAsync()).Category);
        Assert.Equal(EnginePhase.ResyncRequired, _bench.Progress.Phase);
        Assert.NotNull(await _bench.RunAsync());
        Assert.Equal((EnginePhase.Resynchronizing, FaultReasons.ChangeTrackingLost), (_bench.Progress.Phase, _bench.Progress.Resync!.Reason));
    }

    [Fact]
    public async Task Lost_state_is_rebuilt_from_the_vault_and_the_checkpoint_without_a_copy()
    {
        await _bench.RunAsync();
        await _bench.RunAsync();
        Scribble(0, 0, 4096);
        _bench.LoseState();
        _bench.Restart();
        long read = _machine.BytesRead;

        await _bench.RunAsync();

        Assert.Equal(3, _bench.Progress.Last!.Sequence);
        Assert.True(_machine.BytesRead - read <= 65536, "more than the changed block was read");
        await _bench.VerifyAllSetsAsync();
    }

    [Fact]
    public async Task Lost_state_without_its_checkpoint_is_never_overwritten()
    {
        await _bench.RunAsync();
        _bench.LoseState();
        _machine.LoseTracking();
        _bench.Restart();

        Assert.NotNull(await _bench.RunAsync());
        Assert.Equal((EnginePhase.Resynchronizing, FaultReasons.AgentStateLost), (_bench.Progress.Phase, _bench.Progress.Resync!.Reason));
        Assert.Single(_bench.Vault.Sets);
    }

    [Fact]
    public async Task Without_room_in_the_spool_no_cut_is_made_and_nothing_is_lost()
    {
        await _bench.RunAsync();
        Scribble(0, 0, 4096);
        _bench.FreeSpoolBytes = 1000;

        Fault fault = await FaultOfRunAsync();
        _bench.FreeSpoolBytes = 1L << 40;
        await _bench.RunAsync();

        Assert.Equal((FaultCategory.Recoverable, FaultReasons.NoSpoolSpace), (fault.Category, fault.Reason));
        await _bench.VerifyAllSetsAsync();
    }

    private async Task<Fault> FaultOfRunAsync()
    {
        Exception? error = await Record.ExceptionAsync(_bench.RunAsync);
        Assert.NotNull(error);
        return FaultTable.Classify(error);
    }

    private void Want(TimeSpan appConsistentInterval)
    {
        DesiredProtection desired = _bench.Desired.Clone();
        desired.AppConsistentInterval = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(appConsistentInterval);
        _bench.Context.Replace(desired, DateTimeOffset.UtcNow);
    }

    private void Scribble(int disk, int offset, int length)
    {
        byte[] content = new byte[length];
        new Random(offset + length).NextBytes(content);
        _machine.Write(disk, offset, content);
    }
}
