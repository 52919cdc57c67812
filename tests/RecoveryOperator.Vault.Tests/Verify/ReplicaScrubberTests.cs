using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Storage;
using RecoveryOperator.Vault.Tests.Replica;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Vault.Tests.Verify;

public sealed class ReplicaScrubberTests(AzuriteFixture fixture)
{
    private const int KiB = 1024;
    private const int MiB = 1024 * KiB;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_replica_is_found_whole_and_retention_and_the_next_schedule_know_it()
    {
        using ReplicaScene scene = await SceneAsync();
        Assert.Equal(ScrubOutcome.NoPoint, (await ScrubAsync(scene, beforeApply: true)).Outcome);
        await scene.ApplyAllAsync();

        ScrubResult result = await ScrubAsync(scene);
        Assert.Equal((ScrubOutcome.Completed, true), (result.Outcome, result.Verification?.IsWhole));
        AppliedDocument? applied = await scene.Vault.ReadAppliedAsync(Token);
        Assert.Equal((2L, null), (applied?.Verified?.Point.Sequence, applied?.ReplicaDamage));
        Assert.NotNull((await scene.Vault.ReadPointAsync(1, 2, Token))?.VerifiedAt);
        ScrubDocument? scrub = await scene.Vault.ReadScrubAsync(Token);
        Assert.Equal((null, 2L, 0L), (scrub?.Running, scrub?.Completed?.Point.Sequence, scrub?.Completed?.BadBlocks));
        DateTimeOffset? due = await Scrubber(scene, LeaseHolder.CreateEphemeral(), fixture.Account).DueAsync(Token);
        Assert.Equal(scrub!.Completed!.At + TimeSpan.FromDays(7), due);
        await scene.ApplyAllAsync();
        await scene.AssertPointsAsync(1, 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task P5_a_flipped_bit_is_found_and_is_not_once_the_comparison_is_switched_off(bool compare)
    {
        using ReplicaScene scene = await SceneAsync();
        await scene.ApplyAllAsync();
        await DamagedReplica.FlipAsync(scene.Vault, 0, (3 * MiB) + 5000);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();

        ScrubResult result = await ScrubAsync(scene, new VerifyOptions { Compare = compare });

        AppliedDocument? applied = await scene.Vault.ReadAppliedAsync(Token);
        Assert.Equal(compare ? 1 : 0, result.Verification?.BadBlocks);
        (long, int, long, long)? expected = compare ? (3L, 0, 3L * MiB, 1L) : null;
        Assert.Equal(expected, Where(applied?.ReplicaDamage));
        RecoveryPointDocument? damaged = await scene.Vault.ReadPointAsync(1, 3, Token);
        Assert.Equal((!compare, compare), (damaged?.VerifiedAt is not null, damaged?.Damage is not null));
        Assert.True((await Verifier(scene).RunAsync((await scene.Vault.ReadPointAsync(1, 2, Token))!, null, null, Token)).IsWhole);
    }

    [Fact]
    public async Task A_page_that_should_be_there_and_is_not_is_found_and_so_is_one_behind_the_disks_end_and_a_broken_footer()
    {
        using ReplicaScene scene = await SceneAsync();
        await scene.ApplyAllAsync();
        await scene.Vault.Replica.GetPageBlobClient(VaultNames.Disk(0)).ClearPagesAsync(new Azure.HttpRange(3 * MiB, 64 * KiB), cancellationToken: Token);
        await DamagedReplica.FlipAsync(scene.Vault, 1, (3 * MiB) - 10);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        PointVerification found = await Verifier(scene).RunAsync((await scene.Vault.ReadPointAsync(1, 3, Token))!, null, null, Token);
        Assert.Equal((1L, 0L), (found.Disks[0].BadBlocks, found.Disks[1].BadBlocks));
        Assert.Contains("other bytes than zeros", found.Disks[1].Fault, StringComparison.Ordinal);

        await DamagedReplica.FlipAsync(scene.Vault, 1, (3 * MiB) - 10);
        await DamagedReplica.FlipAsync(scene.Vault, 1, (3 * MiB) + 20);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        found = await Verifier(scene).RunAsync((await scene.Vault.ReadPointAsync(1, 4, Token))!, null, null, Token);
        Assert.Contains("footer", found.Disks[1].Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scrub_that_was_killed_goes_on_where_it_was_with_the_same_point_although_newer_ones_came()
    {
        using ReplicaScene scene = await SceneAsync();
        await scene.ApplyAllAsync();
        await DamagedReplica.FlipAsync(scene.Vault, 0, 3 * MiB);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        using (LeaseHolder holder = scene.OpenState())
        {
            await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(scene, holder, fixture.AccountWith(new StorageClientOptions { PerTry = [new RequestLog("disk-1.vhd")] })));
        }

        Assert.Equal((3L, 0, 9L * MiB), Position(await scene.Vault.ReadScrubAsync(Token)));
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        RequestLog log = new();
        using LeaseHolder successor = scene.OpenState();
        ScrubResult result = await RunAsync(scene, successor, fixture.AccountWith(new StorageClientOptions { PerTry = [log] }));

        Assert.Equal((ScrubOutcome.Completed, 3L, 1L), (result.Outcome, result.Verification?.Point.Sequence, result.Verification?.BadBlocks));
        Assert.Contains("disk-1.vhd", log.Reads);
        Assert.True(log.Reads.Count(blob => blob == "disk-0.vhd") == 1, "Of disk 0 only its end is read again.");
        Assert.Equal((3L, 0, 3L * MiB, 1L), Where((await scene.Vault.ReadAppliedAsync(Token))?.ReplicaDamage));
    }

    [Fact]
    public async Task One_agent_at_a_time_scrubs_a_replica_and_a_point_that_is_gone_begins_it_anew()
    {
        using ReplicaScene scene = await SceneAsync();
        await scene.ApplyAllAsync();
        BlockBlobClient blob = scene.Vault.Replica.GetBlockBlobClient(VaultNames.Scrub);
        PointSummary gone = new(1, 77, TestDocuments.Now, Consistency.CrashConsistent);
        await blob.UploadAsync(new MemoryStream(VaultJson.Write(new ScrubDocument { Running = new RunningScrub(gone, TestDocuments.Now, 1, 0, []) })), cancellationToken: Token);
        BlobLeaseClient other = blob.GetBlobLeaseClient();
        await other.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Token);
        Assert.Equal(ScrubOutcome.HeldByOther, (await ScrubAsync(scene)).Outcome);
        await other.ReleaseAsync(cancellationToken: Token);

        Assert.Equal(ScrubOutcome.PointGone, (await ScrubAsync(scene)).Outcome);
        Assert.Equal(ScrubOutcome.Completed, (await ScrubAsync(scene)).Outcome);
    }

    [Fact]
    public async Task A_newer_whole_point_ends_the_replicas_damage_and_an_older_damaged_one_is_its_own_matter()
    {
        using ReplicaScene scene = await SceneAsync();
        await scene.ApplyAllAsync();
        await DamagedReplica.FlipAsync(scene.Vault, 0, 3 * MiB);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await ScrubAsync(scene);
        Assert.NotNull((await scene.Vault.ReadAppliedAsync(Token))?.ReplicaDamage);

        scene.Source.Write(0, 3 * MiB, 100);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await ScrubAsync(scene);
        Assert.Null((await scene.Vault.ReadAppliedAsync(Token))?.ReplicaDamage);

        PointVerification old = await Verifier(scene).RunAsync((await scene.Vault.ReadPointAsync(1, 3, Token))!, null, null, Token);
        using LeaseHolder holder = scene.OpenState();
        Assert.Equal(RecordOutcome.Recorded, await Recorder(scene, holder, fixture.Account).RecordAsync(old, Token));
        Assert.Null((await scene.Vault.ReadAppliedAsync(Token))?.ReplicaDamage);
        await scene.Vault.Replica.GetBlockBlobClient(VaultNames.Point(1, 3)).DeleteAsync(cancellationToken: Token);
        Assert.Equal(RecordOutcome.PointGone, await Recorder(scene, holder, fixture.Account).RecordAsync(old, Token));
    }

    [Fact]
    public async Task A_point_that_cannot_be_written_is_a_conflict_and_is_not_tried_for_ever()
    {
        using ReplicaScene scene = await SceneAsync();
        await scene.ApplyAllAsync();
        PointVerification whole = await Verifier(scene).RunAsync((await scene.Vault.ReadPointAsync(1, 2, Token))!, null, null, Token);
        BlobLeaseClient foreign = scene.Vault.Replica.GetBlockBlobClient(VaultNames.Point(1, 2)).GetBlobLeaseClient();
        await foreign.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Token);
        using LeaseHolder holder = scene.OpenState();

        VaultException fault = await Assert.ThrowsAsync<VaultException>(() => Recorder(scene, holder, fixture.Account).RecordAsync(whole, Token));

        Assert.Equal(VaultFault.Conflict, fault.Fault);
        await foreign.ReleaseAsync(cancellationToken: Token);
        Assert.Equal(RecordOutcome.Recorded, await Recorder(scene, holder, fixture.Account).RecordAsync(whole, Token));
    }

    private static (long, int, long)? Position(ScrubDocument? scrub) => scrub?.Running is { } running ? (running.Point.Sequence, running.Disk, running.OffsetBytes) : null;

    private static (long, int, long, long)? Where(ReplicaDamageRecord? damage) => damage is null ? null : (damage.Point.Sequence, damage.Disk, damage.OffsetBytes, damage.BadBlocks);

    private static PointVerifier Verifier(ReplicaScene scene) => new(scene.Vault, new VerifyOptions());

    private static VerificationRecorder Recorder(ReplicaScene scene, LeaseHolder holder, VaultAccount account) =>
        new(account, account.Open(scene.Id), holder, TimeSpan.FromSeconds(60), NullLogger.Instance);

    private static ReplicaScrubber Scrubber(ReplicaScene scene, LeaseHolder holder, VaultAccount account, VerifyOptions? verify = null) => new(
        account, account.Open(scene.Id), holder, new ScrubOptions { SaveInterval = TimeSpan.Zero, Verify = verify ?? new VerifyOptions() }, NullLogger.Instance);

    private static Task<ScrubResult> RunAsync(ReplicaScene scene, LeaseHolder holder, VaultAccount account, VerifyOptions? verify = null) =>
        Scrubber(scene, holder, account, verify).RunAsync(Recorder(scene, holder, account).RecordAsync, null, Token);

    private async Task<ReplicaScene> SceneAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 21, 9 * MiB, (2 * MiB) + 1536);
        scene.Source.Write(0, 3 * MiB, 5 * MiB);
        scene.Source.Write(1, 2 * MiB, 1536);
        await scene.Source.CommitAsync(Token);
        scene.Source.Write(0, MiB, 300_000);
        scene.Source.Zero(0, 4 * MiB, MiB);
        await scene.Source.CommitAsync(Token);
        return scene;
    }

    private async Task<ScrubResult> ScrubAsync(ReplicaScene scene, VerifyOptions? verify = null, bool beforeApply = false)
    {
        using LeaseHolder holder = scene.OpenState();
        ScrubResult result = await RunAsync(scene, holder, fixture.Account, verify);
        Assert.Equal(beforeApply, result.Outcome == ScrubOutcome.NoPoint);
        return result;
    }
}
