using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Engine;

public sealed class ResyncTests : IDisposable
{
    private const int DiskSizeBytes = (4 * 1024 * 1024) + 4096;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private FakeMachine _machine;
    private EngineBench _bench;
    private FakeVaultAgent _vaultAgent;

    public ResyncTests() => (_machine, _bench, _vaultAgent) = Create(tracks: true, _time);

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task P10_Lost_tracking_ships_only_the_blocks_that_differ(bool tracks)
    {
        Use(tracks);
        await ReplicateAsync();
        Scribble(0, 3 * 65536, 65536);
        Scribble(1, 0, 4096);
        Clear(0, 8 * 65536, 65536);
        _machine.LoseTracking();
        long uploaded = _bench.Vault.UploadedBytes;

        await ResynchronizeAsync();

        SetManifest set = _bench.Vault.Manifests(1).Last();
        Assert.Equal((Completes.Resync, 2L), (set.Completes, set.Sequence));
        Assert.Equal(new ComparedPosition(1, 1, _bench.Vault.Manifests(1).Skip(1).First().PreviousSha256, 0, false), set.ComparedWith);
        Assert.True(_bench.Vault.UploadedBytes - uploaded < (2 * 65536) + 4096, $"{_bench.Vault.UploadedBytes - uploaded} bytes for two blocks and zeros");
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task P5_A_damaged_committed_set_ends_in_a_resynchronization_and_its_predecessors_stay()
    {
        await ReplicateAsync();
        byte[] before = [.. _vaultAgent.Points[1][0]];
        Scribble(0, 65536, 200_000);
        _vaultAgent.Damaged.Add(2);
        await _bench.RunAsync();
        await _vaultAgent.RunAsync();
        Scribble(0, 20 * 65536, 65536);
        await _bench.RunAsync(); // The vault's need was looked for a moment ago.
        _time.Advance(TimeSpan.FromMinutes(6));

        await ResynchronizeAsync();

        SetManifest set = _bench.Vault.Manifests(1).Last();
        Assert.Equal((4L, 1L), (set.Sequence, set.ComparedWith!.Sequence));
        Assert.Equal([1L, 4L], _vaultAgent.Points.Keys);
        Assert.Equal(before, _vaultAgent.Points[1][0]);
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_replica_that_scrub_found_damaged_is_put_right_from_checksums_computed_anew()
    {
        await ReplicateAsync();
        _vaultAgent.Disks[1][70_000] ^= 1;
        _vaultAgent.ReportDamage();

        await ResynchronizeAsync();

        SetManifest set = _bench.Vault.Manifests(1).Last();
        Assert.True(set.ComparedWith!.Computed);
        Assert.Equal(65536, set.Disks[1].Base.Sum(segment => Recorded(segment)));
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_need_that_was_answered_already_is_not_answered_twice()
    {
        await ReplicateAsync();
        _vaultAgent.ReportDamage();
        ReplicaStateDocument stale = _bench.Vault.State!;
        await ResynchronizeAsync();
        _bench.Vault.State = stale;
        _time.Advance(TimeSpan.FromMinutes(6));

        await _bench.RunAsync();

        Assert.Equal(Completes.None, _bench.Vault.Manifests(1).Last().Completes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_token_asks_for_one_at_once_and_the_same_token_for_no_other(bool tracks)
    {
        Use(tracks);
        await ReplicateAsync();
        Want(resync => resync.Token = "please");

        await ResynchronizeAsync();
        await _bench.RunAsync();

        Assert.Equal([Completes.Initial, Completes.Resync, Completes.None], _bench.Vault.Manifests(1).Select(set => set.Completes));
        Assert.Equal("please", _bench.Progress.ResyncToken);
    }

    [Fact]
    public async Task A_large_one_that_nobody_asked_for_waits_for_the_window_and_pauses_at_its_end()
    {
        await ReplicateAsync();
        for (int block = 0; block < 60; block++)
            Scribble(block % 2, block / 2 * 2 * 65536, 65536);
        _machine.LoseTracking();

        CycleRest rest = await RunToRestAsync();

        Assert.Equal(ResyncStage.WaitingForWindow, _bench.Context.Resync.Stage);
        Assert.Equal(new DateTimeOffset(2026, 5, 4, 18, 30, 0, TimeSpan.Zero), rest.Until);
        Assert.Equal(rest.Until, _bench.Context.Resync.StartsAt);
        Assert.InRange(_bench.Progress.Resync!.EstimatedBytes!.Value, 30 * 65536, 2 * DiskSizeBytes);
        int reads = 0;
        _machine.OnRead = () =>
        {
            if (++reads == 2)
                _time.SetUtcNow(new DateTimeOffset(2026, 5, 5, 7, 0, 0, TimeSpan.Zero));
        };
        _time.SetUtcNow(new DateTimeOffset(2026, 5, 4, 18, 30, 0, TimeSpan.Zero));

        rest = (await _bench.RunAsync())!.Value;

        Assert.Equal(new DateTimeOffset(2026, 5, 5, 18, 30, 0, TimeSpan.Zero), rest.Until);
        Assert.False(_bench.Progress.Resync!.Complete);
        Assert.NotEmpty(_bench.Context.Store.LoadBaseSegments(EngineBench.ProtectionId));
        Want(resync => resync.Token = "now");
        await ResynchronizeAsync();
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_paused_one_stays_where_it_is_and_goes_on()
    {
        await ReplicateAsync();
        Scribble(0, 0, DiskSizeBytes);
        _machine.LoseTracking();
        Want(resync => (resync.Token, resync.Action) = ("now", ResyncAction.Run));
        _machine.OnRead = () => Want(resync => resync.Action = ResyncAction.Pause);

        CycleRest rest = await RunToRestAsync(ResyncStage.WaitingForUser);
        _machine.OnRead = null;
        int snapshots = _machine.SnapshotsOpened;
        await _bench.RunAsync();

        Assert.Null(rest.Until);
        Assert.Equal(snapshots, _machine.SnapshotsOpened);
        Want(resync => resync.Action = ResyncAction.Run);
        await ResynchronizeAsync();
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_canceled_one_of_a_healthy_protection_goes_back_to_replicating_with_nothing_lost()
    {
        await ReplicateAsync();
        Scribble(0, 65536, 65536);
        Want(resync => resync.Token = "now");
        await RunToRestAsync(ResyncStage.WaitingForVault, answers: false);
        Scribble(1, 3 * 65536, 65536);
        Want(resync => resync.Action = ResyncAction.Cancel);

        Assert.Null(await _bench.RunAsync());

        await _vaultAgent.RunAsync();
        Assert.Equal(EnginePhase.Replicating, _bench.Progress.Phase);
        Assert.Equal([1L, 2L], _vaultAgent.Points.Keys);
        Assert.Equal([_bench.Progress.Last!.Checkpoint.Value], _machine.CheckpointIds);
    }

    [Fact]
    public async Task A_canceled_one_without_tracking_waits_for_a_new_token()
    {
        await ReplicateAsync();
        _machine.LoseTracking();
        await RunToRestAsync(ResyncStage.WaitingForVault, answers: false);
        Want(resync => resync.Action = ResyncAction.Cancel);
        await FaultOfRunAsync();
        Want(resync => resync.Action = ResyncAction.Run);

        Fault fault = await FaultOfRunAsync();

        Assert.Equal((FaultCategory.ResyncRequired, FaultReasons.ChangeTrackingLost), (fault.Category, fault.Reason));
        Assert.True(_bench.Context.IsEnded);
        Want(resync => resync.Token = "now");
        Assert.False(_bench.Context.IsEnded);
        await ResynchronizeAsync();
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task One_that_never_begins_by_itself_waits_for_a_token()
    {
        await ReplicateAsync();
        Want(resync => resync.ManualOnly = true);
        _machine.LoseTracking();
        await FaultOfRunAsync();

        Assert.Equal(FaultReasons.ChangeTrackingLost, (await FaultOfRunAsync()).Reason);
        Assert.True(_bench.Context.IsEnded);
        Want(resync => resync.Token = "now");
        await ResynchronizeAsync();
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task Lost_state_is_compared_with_the_newest_set_of_the_vault()
    {
        await ReplicateAsync();
        for (int set = 2; set <= 5; set++)
        {
            Scribble(0, set * 65536, 4096);
            await _bench.RunAsync();
        }

        _bench.LoseState();
        _machine.LoseTracking();
        Scribble(1, 65536, 4096);
        _bench.Restart();

        await ResynchronizeAsync();

        Assert.Equal(6, _bench.Progress.Last!.Sequence);
        Assert.Equal(6, _bench.Progress.ResyncedSequence);
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_seal_fences_one_that_waits_for_its_answer()
    {
        await ReplicateAsync();
        _machine.LoseTracking();
        await RunToRestAsync(ResyncStage.WaitingForVault, answers: false);
        _bench.Vault.Seal(EngineBench.ProtectionId, 1, 2);

        Assert.Equal(FaultCategory.Fenced, (await FaultOfRunAsync()).Category);
    }

    [Fact]
    public async Task Tables_that_change_while_they_are_read_are_asked_for_again()
    {
        await ReplicateAsync();
        Scribble(0, 0, DiskSizeBytes);
        Want(resync => resync.Token = "now");
        int reads = 0;
        _machine.OnRead = () =>
        {
            if (++reads != 70)
                return;
            foreach (string blob in _bench.Vault.Tables.Keys.ToList())
                _bench.Vault.Tables[blob] = ("another", _bench.Vault.Tables[blob].Checksums);
        };

        await ResynchronizeAsync();

        Assert.Equal(1, _bench.Vault.Manifests(1).Last().ComparedWith!.Request);
        await AssertGoesOnAsync();
    }

    private static (FakeMachine, EngineBench, FakeVaultAgent) Create(bool tracks, FakeTimeProvider time)
    {
        FakeMachine machine = new(2, DiskSizeBytes, tracks);
        EngineBench bench = new(machine) { Time = time };
        return (machine, bench, new FakeVaultAgent(bench));
    }

    private void Use(bool tracks)
    {
        _bench.Dispose();
        (_machine, _bench, _vaultAgent) = Create(tracks, _time);
    }

    private async Task ReplicateAsync()
    {
        Scribble(0, 0, 40 * 65536);
        Scribble(1, 65536, 5 * 65536);
        _bench.Restart();
        Assert.Null(await _bench.RunAsync());
        await _vaultAgent.RunAsync();
    }

    /// <summary>Cycles, the vault agent in between, until a set that completes a resynchronization is applied.</summary>
    private async Task ResynchronizeAsync()
    {
        for (int cycle = 0; cycle < 20; cycle++)
        {
            try
            {
                if (await _bench.RunAsync() is null && _bench.Progress.ResyncedSequence == _bench.Progress.Last!.Sequence)
                {
                    await _vaultAgent.RunAsync();
                    Assert.Equal(_bench.Progress.Last.Sequence, _vaultAgent.Position);
                    return;
                }
            }
            catch (Exception fault) when (FaultTable.Classify(fault).Category == FaultCategory.ResyncRequired)
            {
                Assert.False(_bench.Context.IsEnded, fault.Message);
            }

            await _vaultAgent.RunAsync();
        }

        Assert.Fail($"no resynchronization came to its end: {_bench.Progress}");
    }

    private async Task<CycleRest> RunToRestAsync(ResyncStage stage = ResyncStage.WaitingForWindow, bool answers = true)
    {
        for (int cycle = 0; cycle < 20; cycle++)
        {
            try
            {
                if (await _bench.RunAsync() is { } rest && _bench.Context.Resync.Stage == stage)
                    return rest;
            }
            catch (Exception fault) when (FaultTable.Classify(fault).Category == FaultCategory.ResyncRequired)
            {
                Assert.False(_bench.Context.IsEnded, fault.Message);
            }

            await _vaultAgent.RunAsync(answers);
        }

        Assert.Fail($"it never came to rest as {stage}");
        return default;
    }

    /// <summary>Deltas follow, every point is right, and nothing is left behind.</summary>
    private async Task AssertGoesOnAsync()
    {
        _machine.OnRead = null;
        for (int cycle = 0; cycle < 2; cycle++)
        {
            Scribble(cycle, 7 * 65536, 10_000);
            Assert.Null(await _bench.RunAsync());
            await _vaultAgent.RunAsync();
        }

        Assert.Equal(_bench.Progress.Last!.Sequence, _vaultAgent.Position);
        Assert.Equal(EnginePhase.Replicating, _bench.Progress.Phase);
        Assert.Equal([_bench.Progress.Last.Checkpoint.Value], _machine.CheckpointIds);
        Assert.Empty(_bench.Context.Store.LoadBaseSegments(EngineBench.ProtectionId));
        Assert.False(_machine.HasOpenSnapshot);
    }

    private void Want(Action<ResyncTerms> change)
    {
        DesiredProtection desired = _bench.Context.Desired.Clone();
        desired.Resync ??= new ResyncTerms();
        change(desired.Resync);
        _bench.Context.Replace(desired, _time.GetUtcNow());
    }

    private async Task<Fault> FaultOfRunAsync()
    {
        Exception? error = await Record.ExceptionAsync(_bench.RunAsync);
        Assert.NotNull(error);
        return FaultTable.Classify(error);
    }

    /// <summary>Disk bytes of a segment's records, from its end record.</summary>
    private long Recorded(SegmentRecord segment) => BitConverter.ToInt64(_bench.Vault.Blobs[segment.Blob].AsSpan()[^64..][16..]);

    private void Clear(int disk, int offset, int length) => _machine.Write(disk, offset, new byte[length]);

    private void Scribble(int disk, int offset, int length)
    {
        byte[] content = new byte[length];
        new Random(offset + length + (int)_bench.Vault.UploadedBytes).NextBytes(content);
        _machine.Write(disk, offset, content);
    }
}
