using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Replica.Logs;

namespace RecoveryOperator.Vault.Tests.Replica;

/// <summary>Retention on a real store. Points are made older by rewriting their stored time, the only thing that retention believes.</summary>
public sealed class RetentionTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tiers_pins_the_newest_verified_point_and_a_scrub_keep_what_they_should()
    {
        using ReplicaScene scene = await AgedSceneAsync(hours: [100, 99, 98, 75, 51, 27, 3, 2]);
        await SetRetentionAsync(scene, new RetentionRecord(2, DailyForDays: 3));
        Assert.True(await scene.Vault.Pins.PinAsync(new PinRecord(1, 2, "before the upgrade", "me", TestDocuments.Now), Token));
        Assert.False(await scene.Vault.Pins.PinAsync(new PinRecord(1, 99, "never was", "me", TestDocuments.Now), Token));
        Assert.Equal(2, Assert.Single(await scene.Vault.Pins.ReadAsync(Token)).Sequence);
        await ChangePointAsync(scene, 1, point => point with { VerifiedAt = TestDocuments.Now });
        await RunScrubAsync(scene, 4);

        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();

        // 1 verified, 2 pinned, 4 scrubbed, 5 and 6 of their days, 9 the newest; 3 goes. Around midnight 7 or 8 is the newest of yesterday.
        IReadOnlyList<RecoveryPointDocument> left = await scene.Vault.ListPointsAsync(Token);
        Assert.Superset(new HashSet<long> { 1, 2, 4, 5, 6, 9 }, left.Select(point => point.Sequence).ToHashSet());
        Assert.DoesNotContain(3, left.Select(point => point.Sequence));

        await scene.Vault.Pins.UnpinAsync(1, 2, Token);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        Assert.Null(await scene.Vault.ReadPointAsync(1, 2, Token));
        await AssertNothingIsLeftOverAsync(scene);
    }

    [Fact]
    public async Task The_point_of_a_test_failover_is_never_pruned_before_its_cleanup()
    {
        using ReplicaScene scene = await AgedSceneAsync(hours: [100, 99, 98, 97]);
        await SetRetentionAsync(scene, new RetentionRecord(1));
        PointSummary point = new(1, 2, TestDocuments.Now, Consistency.CrashConsistent);
        TestFailoverRecord test = new("shop", "drill-1", "site-b", "host-b", "web-test-drill-1", Point: point);
        await ChangeJournalAsync(scene, journal => journal with { Tests = [test] });

        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        Assert.Equal([2L, 4L, 5L], (await scene.Vault.ListPointsAsync(Token)).Select(left => left.Sequence));

        await ChangeJournalAsync(scene, journal => journal with { Tests = [] });
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        Assert.Null(await scene.Vault.ReadPointAsync(1, 2, Token));
        await AssertNothingIsLeftOverAsync(scene);
    }

    [Fact]
    public async Task A_newest_point_of_a_skewed_host_prunes_nothing()
    {
        using ReplicaScene scene = await AgedSceneAsync(hours: [100, 99]);
        await SetRetentionAsync(scene, new RetentionRecord(1));
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        Assert.Equal([2L, 3L], (await scene.Vault.ListPointsAsync(Token)).Select(point => point.Sequence));

        await ChangePointAsync(scene, 3, point => point with { CreatedAt = TestDocuments.Now.AddHours(-50), Instant = TestDocuments.Now.AddHours(50) });
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        IReadOnlyList<RecoveryPointDocument> points = await scene.Vault.ListPointsAsync(Token);
        Assert.Equal(3, points.Count);
        Assert.True(points[^1].ClockSkew, "Its instant is before its predecessor's.");
    }

    /// <summary>Its instants lie anywhere, up to the ends of what can be written; ages are the storage's.</summary>
    [Theory]
    [InlineData(0L)]
    [InlineData(long.MaxValue)]
    [InlineData(630822816000000000L)]
    [InlineData(946708128000000000L)]
    public async Task A_host_that_lies_about_the_time_makes_no_point_older_or_younger(long ticks)
    {
        using ReplicaScene scene = await AgedSceneAsync(hours: [100, 99, 98, 3]);
        await SetRetentionAsync(scene, new RetentionRecord(4));
        await ChangePointAsync(scene, 1, point => point with { VerifiedAt = TestDocuments.Now });
        scene.Source.Lie = new DateTimeOffset(Math.Min(ticks, DateTimeOffset.MaxValue.Ticks), TimeSpan.Zero);
        await scene.Source.CommitAsync(Token);
        Assert.Equal(ApplyOutcome.UpToDate, (await scene.ApplyAllAsync()).Outcome);
        await scene.AssertPointsAsync(1, 2, 3, 4, 5);
        Assert.True((await scene.Vault.ReadPointAsync(1, 5, Token))!.ClockSkew);

        // It goes on from there, so that its instants are in order: only what the storage calls old goes, and what was verified, or stood before the rest, stays.
        for (int set = 6; set < 9; set++)
        {
            scene.Source.Lie = ticks == long.MaxValue ? DateTimeOffset.MaxValue : scene.Source.Lie!.Value.AddSeconds(1);
            await scene.Source.CommitAsync(Token);
            Assert.Equal(ApplyOutcome.UpToDate, (await scene.ApplyAllAsync()).Outcome);
        }

        IReadOnlyList<RecoveryPointDocument> left = await scene.Vault.ListPointsAsync(Token);
        Assert.Superset(new HashSet<long> { 1, 3, 4, 5, 6, 7, 8 }, left.Select(point => point.Sequence).ToHashSet());
        await AssertNothingIsLeftOverAsync(scene);

        // And then it tells the truth again.
        scene.Source.Lie = null;
        await scene.Source.CommitAsync(Token);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        left = await scene.Vault.ListPointsAsync(Token);
        Assert.Equal([1L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L], left.Select(point => point.Sequence));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_kill_at_any_write_of_a_pruning_leaves_nothing_behind(bool afterEffect)
    {
        int atWrite = 1;
        for (bool wasHit = true; wasHit; atWrite++)
        {
            using ReplicaScene scene = await AgedSceneAsync(hours: [101, 100, 99, 3]);
            await SetRetentionAsync(scene, new RetentionRecord(4));
            await scene.Source.CommitAsync(Token);
            CutPolicy cut = new(atWrite, afterEffect);
            using (LeaseHolder holder = scene.OpenState())
                await RunUntilKilledAsync(scene.Applier(holder, cut));
            foreach (RecoveryPointDocument point in await scene.Vault.ListPointsAsync(Token))
                await scene.AssertEqualsSourceAsync(point);

            await scene.Source.CommitAsync(Token);
            await scene.ApplyAllAsync();
            await scene.AssertPointsAsync(3, 4, 5, 6);
            await scene.Vault.DeleteAsync(Token);
            wasHit = cut.WasHit;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{atWrite - 2} kills, after their effect: {afterEffect}");
        Assert.True(atWrite > 20, $"Only {atWrite} writes were seen.");
    }

    [Fact]
    public async Task Logs_of_applied_sets_go_after_their_time_their_manifests_stay_and_the_storage_used_is_told()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 33, 4 * MiB);
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        string first = scene.Source.LastSegment!;
        scene.Source.Write(0, 0, MiB / 2);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        Assert.True(await scene.HasLogAsync(first), "a day is not over");
        AppliedDocument? before = await scene.Vault.ReadAppliedAsync(Token);
        Assert.Equal((MiB + 512L, MiB / 2, null), (before?.ReplicaAllocatedBytes, before?.SnapshotBytesAtMost, before?.LogsPrunedThrough));
        Assert.Equal(before?.ShippedBytesTotal, before?.LogBytes);

        AppliedDocument pruned = await new LogPruner(scene.Vault, new LogBlobs(scene.Vault, NullLogger.Instance)).PruneAsync(before!, TestDocuments.Now.AddHours(1), 1, Token);
        Assert.Equal(new SetPosition(1, 1), pruned.LogsPrunedThrough);
        Assert.False(await scene.HasLogAsync(first), "its time is over");
        pruned = await new LogPruner(scene.Vault, new LogBlobs(scene.Vault, NullLogger.Instance)).PruneAsync(pruned, TestDocuments.Now.AddHours(1), 100, Token);
        Assert.Equal((new SetPosition(1, 2), before!.ShippedBytesTotal), (pruned.LogsPrunedThrough, pruned.PrunedLogBytesTotal));
        Assert.Same(pruned, await new LogPruner(scene.Vault, new LogBlobs(scene.Vault, NullLogger.Instance)).PruneAsync(pruned, TestDocuments.Now.AddHours(1), 100, Token));
        Assert.NotNull(await scene.Vault.ReadSetAsync(1, 1, Token));

        // Whoever comes next goes on as if nothing had happened.
        scene.Source.Write(0, 2 * MiB, 1000);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await scene.AssertPointsAsync(1, 2, 3);
    }

    [Fact]
    public void What_snapshots_hold_is_bounded_by_what_was_written_between_points_and_by_the_replica()
    {
        PointSummary summary = new(1, 1, TestDocuments.Now, Consistency.CrashConsistent);
        ListedPoint[] points = [.. new long?[] { 10, 30, 1000 }.Select(total => new ListedPoint(summary, TestDocuments.Now, false, false, total))];
        Assert.Equal(20 + 100, ReplicaUpkeep.SnapshotBytesAtMost(points, allocatedBytes: 100));
        Assert.Null(ReplicaUpkeep.SnapshotBytesAtMost([.. points, new ListedPoint(summary, TestDocuments.Now, false, false)], 100));
    }

    private async Task<ReplicaScene> AgedSceneAsync(int[] hours)
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 31, MiB, MiB);
        foreach (int _ in hours)
        {
            scene.Source.Write(0, 0, 70_000);
            await scene.Source.CommitAsync(Token);
        }

        await scene.ApplyAllAsync();
        for (int index = 0; index < hours.Length; index++)
            await ChangePointAsync(scene, index + 1, point => point with { CreatedAt = TestDocuments.Now.AddHours(-hours[index]) });
        return scene;
    }

    private static async Task ChangePointAsync(ReplicaScene scene, long sequence, Func<RecoveryPointDocument, RecoveryPointDocument> change)
    {
        RecoveryPointDocument point = change((await scene.Vault.ReadPointAsync(1, sequence, Token))!);
        BlobUploadOptions options = new() { Metadata = PointIndex.Describe(point) };
        await scene.Vault.Replica.GetBlockBlobClient(VaultNames.Point(1, sequence)).UploadAsync(new MemoryStream(VaultJson.Write(point)), options, Token);
    }

    private static async Task ChangeJournalAsync(ReplicaScene scene, Func<JournalDocument, JournalDocument> change)
    {
        Versioned<JournalDocument> journal = (await scene.Vault.ReadJournalAsync(Token))!;
        Assert.NotNull(await scene.Vault.WriteJournalAsync(change(journal.Value), journal.ETag, Token));
    }

    private static async Task SetRetentionAsync(ReplicaScene scene, RetentionRecord retention)
    {
        Versioned<JournalDocument> journal = (await scene.Vault.ReadJournalAsync(Token))!;
        Assert.NotNull(await scene.Vault.WriteJournalAsync(journal.Value with { Retention = retention }, journal.ETag, Token));
    }

    private static async Task RunScrubAsync(ReplicaScene scene, long sequence)
    {
        PointSummary point = new(1, sequence, TestDocuments.Now, Consistency.CrashConsistent);
        ScrubDocument scrub = new() { Running = new RunningScrub(point, TestDocuments.Now, 0, 0, []) };
        await scene.Vault.Replica.GetBlockBlobClient(VaultNames.Scrub).UploadAsync(new MemoryStream(VaultJson.Write(scrub)), cancellationToken: Token);
    }

    private static async Task AssertNothingIsLeftOverAsync(ReplicaScene scene)
    {
        IReadOnlyList<RecoveryPointDocument> points = await scene.Vault.ListPointsAsync(Token);
        List<ListedSnapshot> snapshots = await new SnapshotStore(scene.Vault, null!).ListAsync(Token);
        Assert.Equal(points.Sum(point => 2 * point.Disks.Count), snapshots.Count);
        foreach (RecoveryPointDocument point in points)
            await scene.AssertEqualsSourceAsync(point);
    }

    private static async Task RunUntilKilledAsync(ReplicaApplier applier)
    {
        try
        {
            await applier.ApplyAsync(int.MaxValue, null, Token);
        }
        catch (Exception fault) when (fault is CutException || (fault as AggregateException)?.InnerExceptions.All(inner => inner is CutException) == true)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(fault.Message);
        }
    }
}
