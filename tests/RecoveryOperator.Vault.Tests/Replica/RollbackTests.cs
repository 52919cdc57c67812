using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

public sealed class RollbackTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_epoch_begins_from_its_parent_point_and_all_points_before_and_after_stay_as_they_are()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.ApplyAllAsync();
        await scene.BeginEpochAsync(1, 2);
        ApplyResult rolledBack = await scene.ApplyAllAsync();
        await scene.AssertHoldsAsync(1, 2);
        Assert.Equal((ApplyOutcome.UpToDate, 2L, 0L), (rolledBack.Outcome, rolledBack.Applied!.Epoch, rolledBack.Applied.Sequence));
        Assert.Equal((2L, false), (rolledBack.Applied.LatestPoint!.Sequence, rolledBack.Applied.Sealed));

        scene.Source.Write(0, MiB, 200_000);
        scene.Source.Write(1, 0, 512);
        await scene.Source.CommitAsync(Token);
        await scene.Source.CommitAsync(Token);
        Assert.Equal((ApplyOutcome.UpToDate, 2), await OutcomeAsync(scene));
        await scene.AssertAllPointsAsync((1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2));
    }

    [Fact]
    public async Task A_parent_that_is_chosen_anew_before_the_first_set_of_its_epoch_is_rolled_back_to_as_well()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.BeginEpochAsync(1, 1);
        await scene.ApplyAllAsync();
        await scene.AssertHoldsAsync(1, 1);
        PointSummary other = new(1, 3, TestDocuments.Now, Consistency.CrashConsistent);
        await scene.WriteJournalAsync(journal => journal with { Epochs = [journal.Epochs[0], new EpochRecord(2, other, null)] });
        scene.Source.BeginEpoch(2, scene.Source.Store, (1, 3));
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await scene.AssertAllPointsAsync((1, 1), (1, 2), (1, 3), (1, 4), (2, 1));
    }

    /// <summary>Its applier was killed between the point and applied.json; then the journal named the parent that the source had really begun from.</summary>
    [Fact]
    public async Task A_point_that_was_made_from_another_parent_does_not_count_as_applied_and_is_made_anew()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.BeginEpochAsync(1, 3);
        await scene.ApplyAllAsync();
        scene.Source.BeginEpoch(2, scene.Source.Store, (1, 1));
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        CutPolicy cut = new(2, afterEffect: false, message =>
            message.Request.Uri.Path.EndsWith(VaultNames.Applied, StringComparison.Ordinal) && !message.Request.Uri.Query.Contains("comp=", StringComparison.Ordinal));
        using (LeaseHolder holder = scene.OpenState())
            await Assert.ThrowsAsync<CutException>(() => scene.Applier(holder, cut).ApplyAsync(int.MaxValue, null, Token));
        Assert.NotNull(await scene.Vault.ReadPointAsync(2, 1, Token));
        Assert.Equal((2L, 0L), await PositionAsync(scene));

        PointSummary parent = new(1, 1, TestDocuments.Now, Consistency.CrashConsistent);
        await scene.WriteJournalAsync(journal => journal with { Epochs = [journal.Epochs[0], new EpochRecord(2, parent, null)] });
        await scene.ApplyAllAsync();

        Assert.Equal((2L, 1L), await PositionAsync(scene));
        await scene.AssertHoldsAsync(2, 1);
        await scene.AssertAllPointsAsync((1, 1), (1, 2), (1, 3), (1, 4), (2, 1));
        scene.Source.Write(0, MiB, 1000);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await scene.AssertAllPointsAsync((1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2));
    }

    [Fact]
    public async Task Nothing_is_rolled_back_while_the_choice_of_the_point_is_open()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.BeginEpochAsync(1, 2);
        FailoverRecord open = new("op", "site-b", "host-b", null, null, Committed: false);
        await scene.WriteJournalAsync(journal => journal with { Failover = open });
        Assert.Equal((ApplyOutcome.Sealed, 4), await OutcomeAsync(scene));
        await scene.AssertHoldsAsync(1, 4);

        await scene.WriteJournalAsync(journal => journal with { Failover = open with { Committed = true } });
        Assert.Equal((ApplyOutcome.UpToDate, 0), await OutcomeAsync(scene));
        await scene.AssertHoldsAsync(1, 2);
    }

    [Fact]
    public async Task An_epoch_that_was_sealed_before_it_had_a_set_is_passed_over()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.BeginEpochAsync(1, 3);
        await scene.BeginEpochAsync(1, 1);
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal([(1L, 4L), (2L, 0L)], result.Applied!.SealedEpochs.Select(ended => (ended.Epoch, ended.LastSequence)));
        await scene.AssertAllPointsAsync((1, 1), (1, 2), (1, 3), (1, 4), (3, 1));
    }

    [Fact]
    public async Task A_block_that_is_damaged_in_the_point_itself_is_reported_and_its_true_checksum_is_kept()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.ApplyAllAsync();
        // Azurite keeps a snapshot's pages apart, so damage is put into the table instead: it then disagrees with the snapshot's content just the same.
        RecoveryPointDocument point = (await scene.Vault.ReadPointAsync(1, 2, Token))!;
        PageBlobClient sums = scene.Vault.Log.GetPageBlobClient(VaultNames.Sums(0));
        byte[] page = (await sums.WithSnapshot(point.Disks[0].SumsSnapshot).DownloadContentAsync(Token)).Value.Content.ToArray();
        page.AsSpan(16, 16).Fill(0xAB);
        await sums.UploadPagesAsync(new MemoryStream(page), 0, cancellationToken: Token);
        string snapshot = (await sums.CreateSnapshotAsync(cancellationToken: Token)).Value.Snapshot;
        await sums.UploadPagesAsync(new MemoryStream(new byte[512]), 0, cancellationToken: Token);
        PointDisk[] disks = [point.Disks[0] with { SumsSnapshot = snapshot }, .. point.Disks.Skip(1)];
        await scene.Vault.Replica.GetBlobClient(VaultNames.Point(1, 2)).UploadAsync(new BinaryData(VaultJson.Write(point with { Disks = disks })), overwrite: true, Token);

        await scene.BeginEpochAsync(1, 2);
        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal((0, 65536L, 1L), (result.Applied!.ReplicaDamage!.Disk, result.Applied.ReplicaDamage.OffsetBytes, result.Applied.ReplicaDamage.BadBlocks));
        Assert.Equal(2, result.Applied.ReplicaDamage.Point.Sequence);
        ReplicaStateDocument told = (await scene.Source.Store.ReadReplicaStateAsync(Token))!;
        Assert.Equal((ResyncNeedReason.ReplicaDamaged, true), (told.NeedsResync!.Reason, told.NeedsResync.ComputeAnew));
        BlobDownloadResult table = await sums.DownloadContentAsync(Token);
        Assert.Equal(page, table.Content.ToArray()[..512]);
    }

    [Fact]
    public async Task Without_the_extents_of_a_half_applied_set_a_rollback_would_leave_its_pages()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 21, 2 * MiB);
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        string last = scene.Source.LastSegment!;
        CutPolicy cut = new(message => message.Request.Uri.Path.Contains("/sums/", StringComparison.Ordinal) && message.Request.Uri.Query.Contains("comp=page", StringComparison.Ordinal));
        using (LeaseHolder holder = scene.OpenState())
            await CrashMatrixTests.RunUntilKilledAsync(() => scene.Applier(holder, cut).ApplyAsync(int.MaxValue, null, Token));
        Assert.True(cut.WasHit, "The table was not written.");
        await scene.DamageLogAsync(last);

        // The guard is switched off: the tables agree with point 1 in every block, and the pages do not.
        using (LeaseHolder holder = scene.OpenState())
            await Assert.ThrowsAsync<Xunit.Sdk.TrueException>(async () =>
            {
                await scene.RollBackAsync(holder, (await scene.Vault.ReadPointAsync(1, 1, Token))!, half: null);
                await scene.AssertHoldsAsync(1, 1);
            });

        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.Damaged, true), (result.Outcome, result.Applied!.Damage!.RolledBack));
        await scene.AssertHoldsAsync(1, 1);
    }

    [Fact]
    public async Task What_was_written_from_a_segment_that_is_lost_only_afterwards_is_undone_too()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 22, 2 * MiB, MiB);
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        scene.Source.Write(0, 0, MiB);
        scene.Source.Write(1, 0, MiB);
        StoredSet set = await scene.Source.CommitAsync(Token);
        CutPolicy cut = new(message => message.Request.Uri.Path.Contains("/sums/", StringComparison.Ordinal) && message.Request.Uri.Query.Contains("comp=page", StringComparison.Ordinal));
        using (LeaseHolder holder = scene.OpenState())
            await CrashMatrixTests.RunUntilKilledAsync(() => scene.Applier(holder, cut).ApplyAsync(int.MaxValue, null, Token));
        Assert.True(cut.WasHit, "The table was not written.");

        // It was the other disk's segment that was refused; this one was written, and is lost before the rollback reads it.
        await scene.Vault.Log.GetBlobClient(set.Manifest.Disks[0].Segments[0].Blob).DeleteAsync(cancellationToken: Token);
        using (LeaseHolder holder = scene.OpenState())
            await scene.RollBackAsync(holder, (await scene.Vault.ReadPointAsync(1, 1, Token))!, new HalfAppliedSet(1, 2, Retried: false, set.Manifest.Disks[1].Segments[0].Blob));

        await scene.AssertHoldsAsync(1, 1);
    }

    private static async Task<(long Epoch, long Sequence)> PositionAsync(ReplicaScene scene) =>
        await scene.Vault.ReadAppliedAsync(Token) is { } applied ? (applied.Epoch, applied.Sequence) : default;

    private static async Task<(ApplyOutcome Outcome, int Sets)> OutcomeAsync(ReplicaScene scene)
    {
        ApplyResult result = await scene.ApplyAllAsync();
        return (result.Outcome, result.SetsApplied);
    }

    /// <summary>Four sets; a disk grows with a short last block, another is detached and comes back as another one.</summary>
    private async Task<ReplicaScene> PrepareAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 20, 2 * MiB, MiB + 1536, MiB);
        scene.Source.Write(0, 0, 300_000);
        scene.Source.Write(1, MiB, 1536);
        scene.Source.Write(2, 0, MiB);
        await scene.Source.CommitAsync(Token);
        scene.Source.Zero(0, 0, 100_000);
        scene.Source.Write(0, MiB, 70_000);
        await scene.Source.CommitAsync(Token);
        scene.Source.Resize(1, 3 * MiB);
        scene.Source.Write(1, (2 * MiB) + 100, 70_000);
        scene.Source.Write(0, 0, MiB);
        scene.Source.Detach(2);
        await scene.Source.CommitAsync(Token);
        scene.Source.Attach(2, 2 * MiB);
        scene.Source.Write(2, MiB, 1000);
        scene.Source.Zero(0, MiB, MiB);
        await scene.Source.CommitAsync(Token);
        return scene;
    }
}
