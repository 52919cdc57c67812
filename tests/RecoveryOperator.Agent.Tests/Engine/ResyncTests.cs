using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>Why a resynchronization comes, and that it ships what differs and nothing else.</summary>
public sealed class ResyncTests : ResyncBench
{
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
        Machine.LoseTracking();
        long uploaded = Bench.Vault.UploadedBytes;

        await ResynchronizeAsync();

        SetManifest set = Bench.Vault.Manifests(1).Last();
        Assert.Equal((Completes.Resync, 2L), (set.Completes, set.Sequence));
        Assert.Equal(new ComparedPosition(1, 1, Bench.Vault.Manifests(1).Skip(1).First().PreviousSha256, 0, false), set.ComparedWith);
        Assert.True(Bench.Vault.UploadedBytes - uploaded < (2 * 65536) + 4096, $"{Bench.Vault.UploadedBytes - uploaded} bytes for two blocks and zeros");
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task P5_A_damaged_committed_set_ends_in_a_resynchronization_and_its_predecessors_stay()
    {
        await ReplicateAsync();
        byte[] before = [.. VaultAgent.Points[1][0]];
        Scribble(0, 65536, 200_000);
        VaultAgent.Damaged.Add(2);
        await Bench.RunAsync();
        await VaultAgent.RunAsync();
        Scribble(0, 20 * 65536, 65536);
        await Bench.RunAsync(); // The vault's need was looked for a moment ago.
        Time.Advance(TimeSpan.FromMinutes(6));

        await ResynchronizeAsync();

        SetManifest set = Bench.Vault.Manifests(1).Last();
        Assert.Equal((4L, 1L), (set.Sequence, set.ComparedWith!.Sequence));
        Assert.Equal([1L, 4L], VaultAgent.Points.Keys);
        Assert.Equal(before, VaultAgent.Points[1][0]);
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_replica_that_scrub_found_damaged_is_put_right_from_checksums_computed_anew()
    {
        await ReplicateAsync();
        VaultAgent.Disks[1][70_000] ^= 1;
        VaultAgent.ReportDamage();

        await ResynchronizeAsync();

        SetManifest set = Bench.Vault.Manifests(1).Last();
        Assert.True(set.ComparedWith!.Computed);
        Assert.Equal(65536, set.Disks[1].Base.Sum(segment => Recorded(segment)));
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_need_that_was_answered_already_is_not_answered_twice()
    {
        await ReplicateAsync();
        VaultAgent.ReportDamage();
        ReplicaStateDocument stale = Bench.Vault.State!;
        await ResynchronizeAsync();
        Bench.Vault.State = stale;
        Time.Advance(TimeSpan.FromMinutes(6));

        await Bench.RunAsync();

        Assert.Equal(Completes.None, Bench.Vault.Manifests(1).Last().Completes);
    }

    [Fact]
    public async Task Lost_state_is_compared_with_the_newest_set_of_the_vault()
    {
        await ReplicateAsync();
        for (int set = 2; set <= 5; set++)
        {
            Scribble(0, set * 65536, 4096);
            await Bench.RunAsync();
        }

        Bench.LoseState();
        Machine.LoseTracking();
        Scribble(1, 65536, 4096);
        Bench.Restart();

        await ResynchronizeAsync();

        Assert.Equal(6, Bench.Progress.Last!.Sequence);
        Assert.Equal(6, Bench.Progress.ResyncedSequence);
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task A_seal_fences_one_that_waits_for_its_answer()
    {
        await ReplicateAsync();
        Machine.LoseTracking();
        await RunToRestAsync(ResyncStage.WaitingForVault, answers: false);
        Bench.Vault.Seal(EngineBench.ProtectionId, 1, 2);

        Assert.Equal(FaultCategory.Fenced, (await FaultOfRunAsync()).Category);
    }

    [Fact]
    public async Task P7_Tables_that_change_while_a_driver_that_compares_cuts_are_asked_for_again()
    {
        Use(tracks: false);
        await ReplicateAsync();
        Scribble(0, 0, DiskSizeBytes);
        Want(resync => resync.Token = "now");
        bool changed = false;
        Machine.OnRead = () =>
        {
            if (changed || Bench.Progress.Resync?.EstimatedBytes is null)
                return;
            changed = true;
            foreach (string blob in Bench.Vault.Tables.Keys.ToList())
                Bench.Vault.Tables[blob] = ("another", Bench.Vault.Tables[blob].Checksums);
        };
        Exception? fault = null;
        for (int cycle = 0; cycle < 6 && fault is null; cycle++)
        {
            fault = await Record.ExceptionAsync(Bench.RunAsync);
            await VaultAgent.RunAsync();
        }

        Assert.Equal(FaultReasons.VaultConflict, FaultTable.Classify(fault!).Reason);
        await ResynchronizeAsync();

        Assert.Equal(1, Bench.Vault.Manifests(1).Last().ComparedWith!.Request);
        await AssertGoesOnAsync();
    }

    [Fact]
    public async Task Tables_that_change_while_they_are_read_are_asked_for_again()
    {
        await ReplicateAsync();
        Scribble(0, 0, DiskSizeBytes);
        Want(resync => resync.Token = "now");
        int reads = 0;
        Machine.OnRead = () =>
        {
            if (++reads != 70)
                return;
            foreach (string blob in Bench.Vault.Tables.Keys.ToList())
                Bench.Vault.Tables[blob] = ("another", Bench.Vault.Tables[blob].Checksums);
        };

        await ResynchronizeAsync();

        Assert.Equal(1, Bench.Vault.Manifests(1).Last().ComparedWith!.Request);
        await AssertGoesOnAsync();
    }
}
