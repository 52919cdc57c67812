using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Replica.Logs;

namespace RecoveryOperator.Vault.Tests.Replica.Logs;

/// <summary>Logs go when nobody can need them any more, also of machines that get no sets; nothing else does.</summary>
public sealed class LogUpkeepTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    /// <summary>As if the time for which logs are kept were over for all that stands in the vault.</summary>
    private static readonly TimeSpan _over = TimeSpan.FromHours(-1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_no_set_names_of_a_sealed_epoch_goes_after_its_time_and_manifests_and_points_stay()
    {
        using ReplicaScene scene = await SceneAsync();
        string[] unnamed = await LeaveAsync(scene);
        await scene.Vault.SealAsync(1, "op", TestDocuments.Now, Token);
        string[] manifests = [VaultNames.Set(1, 1), VaultNames.Set(1, 2), VaultNames.Set(1, 3)];

        (ApplyOutcome Outcome, bool HasWork) early = await RunAsync(scene, keepLogs: null);
        Assert.Equal((ApplyOutcome.Sealed, false), early);
        Assert.Superset(unnamed.ToHashSet(), await ListAsync(scene));

        Assert.Equal((ApplyOutcome.Sealed, false), await RunAsync(scene, _over));
        Assert.Equal(manifests, (await ListAsync(scene)).Where(IsOfEpoch).Order());
        await scene.AssertPointsAsync(1, 2);
    }

    [Fact]
    public async Task What_a_fenced_host_put_there_after_the_first_sweep_goes_with_a_second_one_and_there_is_no_third()
    {
        using ReplicaScene scene = await SceneAsync();
        await scene.Vault.SealAsync(1, "op", TestDocuments.Now, Token);
        await RunAsync(scene, _over);
        string late = await scene.OrphanAsync(VaultNames.BaseSegment(1, Guid.NewGuid(), 0, 0));
        Assert.Equal((ApplyOutcome.Sealed, false), await RunAsync(scene, _over));
        Assert.True(await scene.HasLogAsync(late), "its grant may live for days");

        await ChangeAppliedAsync(scene, applied => applied with
        {
            SealedEpochs = [.. applied.SealedEpochs.Select(ended => ended with { RecordedAt = ended.RecordedAt!.Value.AddDays(-9), SweptAt = ended.SweptAt!.Value.AddDays(-8) })],
        });
        Assert.Equal((ApplyOutcome.Sealed, false), await RunAsync(scene, _over));
        Assert.False(await scene.HasLogAsync(late), "no grant lives as long");

        string never = await scene.OrphanAsync(late);
        Assert.Equal((ApplyOutcome.Sealed, false), await RunAsync(scene, _over));
        Assert.True(await scene.HasLogAsync(never), "nobody can have put it there but an owner of the account");
    }

    [Fact]
    public async Task An_epoch_that_has_not_ended_is_never_swept_and_a_copy_in_progress_goes_on()
    {
        using ReplicaScene scene = await SceneAsync();
        string[] unnamed = await LeaveAsync(scene);
        Assert.Equal((ApplyOutcome.UpToDate, false), await RunAsync(scene, _over));
        Assert.Superset(unnamed.ToHashSet(), await ListAsync(scene));

        await scene.BeginEpochAsync(1, 2);
        string copy = await scene.OrphanAsync(VaultNames.BaseSegment(2, Guid.NewGuid(), 0, 0));
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        string shipped = scene.Source.LastSegment!;
        await RunAsync(scene, _over, maxSets: 0);
        Assert.True(await scene.HasLogAsync(shipped), "a set that is not applied yet");
        Assert.Equal((ApplyOutcome.UpToDate, false), await RunAsync(scene, _over));
        Assert.True(await scene.HasLogAsync(copy), "a copy in progress");
        Assert.DoesNotContain(await ListAsync(scene), unnamed.Contains);
        await scene.AssertAllPointsAsync((1, 1), (1, 2), (2, 1));
    }

    [Fact]
    public async Task Logs_of_a_machine_that_gets_no_sets_go_after_their_time_and_asking_costs_no_more_than_before()
    {
        using ReplicaScene scene = await SceneAsync();
        string segment = scene.Source.LastSegment!;
        Assert.Equal((ApplyOutcome.UpToDate, false), await RunAsync(scene, keepLogs: null));
        Assert.True(await scene.HasLogAsync(segment), "its day is not over");
        AppliedDocument before = (await scene.Vault.ReadAppliedAsync(Token))!;

        RequestTap tap = new();
        using LeaseHolder holder = scene.OpenState();
        ReplicaApplier applier = scene.Applier(holder, tap, keepLogs: _over);
        Assert.True(await applier.HasWorkAsync(Token));
        await applier.ApplyAsync(int.MaxValue, null, Token);
        Assert.False(await scene.HasLogAsync(segment), "nobody sends sets any more, and its day is over");
        tap.Seen.Clear();
        Assert.False(await applier.HasWorkAsync(Token));
        Assert.StartsWith("HEAD ", Assert.Single(tap.Seen), StringComparison.Ordinal);

        AppliedDocument after = (await scene.Vault.ReadAppliedAsync(Token))!;
        Assert.Equal((new SetPosition(1, 2), before.ShippedBytesTotal, 0L, null), (after.LogsPrunedThrough, after.PrunedLogBytesTotal, after.LogBytes, after.OldestLogsAt));
        await scene.AssertPointsAsync(1, 2);
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        await applier.ApplyAsync(int.MaxValue, null, Token);
        await scene.AssertPointsAsync(1, 2, 3);
    }

    [Fact]
    public async Task Behind_a_damaged_set_nothing_goes_before_the_chain_goes_on_or_is_sealed()
    {
        using ReplicaScene scene = await SceneAsync();
        string applied = scene.Source.LastSegment!;
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        string damaged = scene.Source.LastSegment!;
        await scene.DamageLogAsync(damaged);
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        string behind = scene.Source.LastSegment!;

        Assert.Equal((ApplyOutcome.Damaged, false), await RunAsync(scene, _over));
        Assert.False(await scene.HasLogAsync(applied), "it is applied");
        Assert.True(await scene.HasLogAsync(damaged) && await scene.HasLogAsync(behind), "somebody may put the damaged one back");

        await scene.Vault.SealAsync(1, "op", TestDocuments.Now, Token);
        Assert.Equal((ApplyOutcome.Sealed, false), await RunAsync(scene, _over));
        Assert.False(await scene.HasLogAsync(damaged) || await scene.HasLogAsync(behind), "the epoch has ended without them");
        await scene.AssertPointsAsync(1, 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_kill_at_any_write_of_a_sweep_leaves_all_points_and_the_next_one_ends_it(bool afterEffect)
    {
        int atWrite = 1;
        for (bool wasHit = true; wasHit; atWrite++)
        {
            using ReplicaScene scene = await SceneAsync();
            await LeaveAsync(scene);
            await scene.BeginEpochAsync(1, 1);
            await scene.ApplyAllAsync();
            CutPolicy cut = new(atWrite, afterEffect, message => message.Request.Method == RequestMethod.Delete || message.Request.Uri.Path.EndsWith(VaultNames.Applied, StringComparison.Ordinal));
            try
            {
                await RunAsync(scene, _over, cut);
            }
            catch (CutException killed)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"Write {atWrite}: {killed.Message}");
            }

            await RunAsync(scene, _over);
            Assert.Equal([VaultNames.Set(1, 1), VaultNames.Set(1, 2), VaultNames.Set(1, 3)], (await ListAsync(scene)).Where(IsOfEpoch).Order());
            await scene.AssertHoldsAsync(1, 1);
            scene.Source.Write(0, 0, 70_000);
            await scene.Source.CommitAsync(Token);
            await scene.ApplyAllAsync();
            await scene.AssertAllPointsAsync((1, 1), (1, 2), (2, 1));
            await scene.Vault.DeleteAsync(Token);
            wasHit = cut.WasHit;
        }

        Assert.True(atWrite > 8, $"Only {atWrite} writes were seen.");
    }

    [Fact]
    public async Task A_sweep_that_is_refused_or_meets_a_leased_blob_holds_up_no_set_and_is_not_repeated_at_once()
    {
        using ReplicaScene scene = await SceneAsync();
        string[] unnamed = await LeaveAsync(scene);
        await scene.Vault.Log.GetBlobClient(unnamed[0]).GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Token);
        await scene.BeginEpochAsync(1, 2);
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        RequestTap refusing = new(request => request.Uri.Query.Contains("comp=list", StringComparison.Ordinal) && request.Uri.Query.Contains("0000000001", StringComparison.Ordinal));
        Assert.Equal((ApplyOutcome.UpToDate, false), await RunAsync(scene, _over, refusing));
        await scene.AssertAllPointsAsync((1, 1), (1, 2), (2, 1));
        Assert.Superset(unnamed.ToHashSet(), await ListAsync(scene));

        Assert.Equal((ApplyOutcome.UpToDate, false), await RunAsync(scene, _over));
        Assert.Equal([unnamed[0]], (await ListAsync(scene)).Where(unnamed.Contains));
    }

    [Fact]
    public async Task A_large_sweep_is_done_in_parts_between_which_sets_have_their_turn()
    {
        using ReplicaScene scene = await SceneAsync();
        string[] unnamed = await LeaveAsync(scene);
        await scene.Vault.SealAsync(1, "op", TestDocuments.Now, Token);
        using LeaseHolder holder = scene.OpenState();
        ReplicaApplier applier = scene.Applier(holder, keepLogs: _over, sweptBlobsAtOnce: 1);
        int runs = 0;
        while (await applier.HasWorkAsync(Token))
        {
            Assert.True(++runs < 10, "It does not end.");
            await applier.ApplyAsync(int.MaxValue, null, Token);
        }

        Assert.Equal(4, runs); // The seal, then base data, the other folders and tables, and a last look.
        Assert.DoesNotContain(await ListAsync(scene), unnamed.Contains);
    }

    /// <summary>Logs go behind its sets, every few minutes; what passes its day between two of them is no work by itself.</summary>
    [Fact]
    public void Nothing_is_due_between_the_sets_of_a_machine_that_gets_some()
    {
        DateTimeOffset now = TestDocuments.Now;
        TimeSpan day = TimeSpan.FromDays(1);
        AppliedDocument applied = new() { Epoch = 1, Sequence = 3000, AppliedAt = now, LogsPrunedThrough = new SetPosition(1, 100), OldestLogsAt = now - day - TimeSpan.FromMinutes(15) };
        Assert.True(LogUpkeepPlan.DueAt(applied, day) > now, "the next set brings it about");
        Assert.True(LogUpkeepPlan.DueAt(applied with { OldestLogsAt = now - day - TimeSpan.FromMinutes(61) }, day) <= now, "there was no next set for an hour");
        Assert.Null(LogUpkeepPlan.DueAt(applied with { LogsPrunedThrough = new SetPosition(1, 3000), OldestLogsAt = null }, day));
        Assert.Null(LogUpkeepPlan.DueAt(applied with { OldestLogsAt = now - (2 * day), Rollback = new RollbackRecord(null, "test", null) }, day));
    }

    /// <summary>An epoch that was passed over without a record has no sets that were applied: the walk does not get lost in it.</summary>
    [Fact]
    public void Logs_are_looked_for_behind_an_epoch_that_was_passed_over()
    {
        AppliedDocument applied = new() { Epoch = 3, Sequence = 2, SealedEpochs = [new SealedEpoch(1, 7)], LogsPrunedThrough = new SetPosition(1, 7) };
        Assert.Equal(new SetPosition(3, 1), LogUpkeepPlan.NextSet(applied));
        Assert.Null(LogUpkeepPlan.NextSet(applied with { Sequence = 0 }));
    }

    private async Task<ReplicaScene> SceneAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 41, 2 * MiB);
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        scene.Source.Write(0, MiB, 300_000);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        return scene;
    }

    /// <summary>What a host leaves that is fenced in the middle of a resynchronization; one blob has a snapshot, as its grant allows.</summary>
    private static async Task<string[]> LeaveAsync(ReplicaScene scene)
    {
        string copy = await scene.OrphanAsync(VaultNames.BaseSegment(1, Guid.NewGuid(), 0, 0));
        await scene.Vault.Log.GetBlobClient(copy).CreateSnapshotAsync(cancellationToken: Token);
        return
        [
            copy,
            await scene.OrphanAsync(VaultNames.Segment(1, 3, Guid.NewGuid(), 0, 0)),
            await scene.OrphanAsync(VaultNames.Segment(1, 1, Guid.NewGuid(), 0, 0)),
            await scene.OrphanAsync(VaultNames.ResyncRequest(1, 3, 7)),
            await scene.OrphanAsync("0000000001/set.json"),
            await scene.OrphanAsync("0000000001/3/set.json"),
            await scene.OrphanAsync(VaultNames.ComputedSums(1, 3, 0, 0)),
        ];
    }

    private static bool IsOfEpoch(string name) => name.StartsWith("0000000001/", StringComparison.Ordinal) || name.StartsWith("sums/computed/", StringComparison.Ordinal);

    /// <summary>One look and one run of a fresh process; tells whether it would begin again at once.</summary>
    private static async Task<(ApplyOutcome Outcome, bool HasWork)> RunAsync(ReplicaScene scene, TimeSpan? keepLogs, HttpPipelinePolicy? between = null, int maxSets = int.MaxValue)
    {
        using LeaseHolder holder = scene.OpenState();
        ReplicaApplier applier = scene.Applier(holder, between, keepLogs: keepLogs);
        ApplyOutcome outcome = (await applier.ApplyAsync(maxSets, null, Token)).Outcome;
        return (outcome, await applier.HasWorkAsync(Token));
    }

    private static async Task<HashSet<string>> ListAsync(ReplicaScene scene)
    {
        HashSet<string> names = [];
        await foreach (BlobItem blob in scene.Vault.Log.GetBlobsAsync(cancellationToken: Token))
            names.Add(blob.Name);
        return names;
    }

    private static async Task ChangeAppliedAsync(ReplicaScene scene, Func<AppliedDocument, AppliedDocument> change)
    {
        AppliedDocument changed = change((await scene.Vault.ReadAppliedAsync(Token))!);
        await scene.Vault.Replica.GetBlobClient(VaultNames.Applied).UploadAsync(new BinaryData(VaultJson.Write(changed)), overwrite: true, Token);
    }
}
