using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

public sealed class ReplicaApplierTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_committed_set_becomes_a_point_that_equals_the_source_at_its_instant()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 1, 9 * MiB, (2 * MiB) + 512);
        scene.Source.Write(0, 3 * MiB, 5 * MiB);
        scene.Source.Write(1, 2 * MiB, 512);
        await scene.Source.CommitAsync(Token);
        scene.Source.Write(0, MiB, 300_000);
        await scene.Source.CommitAsync(Token, Consistency.AppConsistent);
        List<ApplyProgress> seen = [];
        using LeaseHolder holder = scene.OpenState();
        ReplicaApplier applier = scene.Applier(holder);

        Assert.True(await applier.HasWorkAsync(Token));
        ApplyResult first = await applier.ApplyAsync(int.MaxValue, new Recorder(seen), Token);
        Assert.False(await applier.HasWorkAsync(Token));
        scene.Source.Zero(0, 4 * MiB, 2 * MiB);
        await scene.Source.CommitAsync(Token);
        ApplyResult second = await applier.ApplyAsync(int.MaxValue, null, Token);

        Assert.Equal((ApplyOutcome.UpToDate, 2, ApplyOutcome.UpToDate, 1), (first.Outcome, first.SetsApplied, second.Outcome, second.SetsApplied));
        Assert.Equal([ApplyStage.Apply, ApplyStage.Snapshot, ApplyStage.Prune], seen.Select(progress => progress.Stage).Distinct());
        Assert.Equal(2, second.Applied?.LatestAppConsistentPoint?.Sequence);
        await scene.AssertPointsAsync(1, 2, 3);
    }

    [Fact]
    public async Task Segments_of_tries_that_were_given_up_go_once_their_set_is_applied_and_nothing_else_does()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 4, 2 * MiB);
        string givenUpBase = await scene.OrphanAsync(VaultNames.BaseSegment(1, Guid.NewGuid(), 0, 0));
        // Azurite's times are of whole seconds: what is of the set's own second may be of a later copy, and stays.
        DateTimeOffset given = (await scene.Vault.Log.GetBlobClient(givenUpBase).GetPropertiesAsync(cancellationToken: Token)).Value.LastModified;
        string givenUpFirst = await scene.OrphanAsync(VaultNames.Segment(1, 1, Guid.NewGuid(), 0, 0), after: given);
        scene.Source.Write(0, 0, 300_000);
        await scene.Source.CommitAsync(Token);
        string named = scene.Source.LastSegment!;
        string laterBase = await scene.OrphanAsync(VaultNames.BaseSegment(1, Guid.NewGuid(), 0, 0), after: (await scene.Vault.ReadSetAsync(1, 1, Token))!.StoredAt);
        string nextTry = await scene.OrphanAsync(VaultNames.Segment(1, 2, Guid.NewGuid(), 0, 0));

        await scene.ApplyAllAsync();

        Assert.False(await scene.HasLogAsync(givenUpBase), "base data of a try that was given up");
        Assert.False(await scene.HasLogAsync(givenUpFirst), "a segment of a try that was given up");
        Assert.True(await scene.HasLogAsync(named), "a segment that the set names");
        Assert.True(await scene.HasLogAsync(laterBase), "base data of a later copy");
        Assert.True(await scene.HasLogAsync(nextTry), "a segment of the next set");
        await scene.AssertPointsAsync(1);
    }

    [Fact]
    public async Task A_read_grant_reads_one_snapshot_and_nothing_else_until_it_is_revoked()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 2, MiB);
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        RecoveryPointDocument point = Assert.Single(await scene.Vault.ListPointsAsync(Token));
        ReplicaReadGrant grant = await scene.Vault.GrantReplicaReadAsync("op-1", TestDocuments.Now, Token);
        Uri snapshot = grant.SnapshotUri(point.Disks[0]);

        BlobDownloadResult content = await new BlobClient(snapshot).DownloadContentAsync(Token);
        Assert.True(content.Content.ToMemory().Span[..MiB].SequenceEqual(scene.Source.Instants[(1, 1)][0]));
        Assert.Equal(snapshot, (await scene.Vault.GrantReplicaReadAsync("op-1", TestDocuments.Now, Token)).SnapshotUri(point.Disks[0]));
        UriBuilder vm = new(snapshot);
        vm.Path = vm.Path.Replace("disk-0.vhd", VaultNames.Vm, StringComparison.Ordinal);
        Assert.Equal(403, (await Assert.ThrowsAsync<Azure.RequestFailedException>(() => new BlobClient(vm.Uri).DownloadContentAsync(Token))).Status);

        await scene.Vault.RevokeReplicaReadAsync("op-1", Token);
        Assert.Equal(403, (await Assert.ThrowsAsync<Azure.RequestFailedException>(() => new BlobClient(snapshot).DownloadContentAsync(Token))).Status);
    }

    [Fact]
    public async Task A_read_grant_reads_the_checksums_of_its_snapshot_and_nothing_else_of_the_logs_until_it_is_revoked()
    {
        DateTimeOffset now = TestDocuments.Now;
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 6, MiB);
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        RecoveryPointDocument point = Assert.Single(await scene.Vault.ListPointsAsync(Token));
        Uri hosts = await scene.Vault.GrantHostAsync(1, now, Token);
        Uri sums = (await scene.Vault.GrantReplicaReadAsync("op-1", now, Token)).SumsUri(point.Disks[0])!;

        BinaryData content = (await new BlobClient(sums).DownloadContentAsync(Token)).Value.Content;
        byte[] first = new byte[BlockChecksum.LengthBytes];
        BlockChecksum.Compute(scene.Source.Instants[(1, 1)][0].AsSpan(0, BlockSize.Bytes), first);
        Assert.True(content.ToMemory().Span[..BlockChecksum.LengthBytes].SequenceEqual(first));
        Assert.Equal(403, await RefusalAsync(sums, VaultNames.Set(1, 1)));
        Assert.True(await scene.Vault.RenewReplicaReadAsync("op-1", now.AddDays(2), Token));
        Assert.All(
            (await scene.Vault.Log.GetAccessPolicyAsync(cancellationToken: Token)).Value.SignedIdentifiers.Where(policy => policy.Id == "recover-op-1"),
            policy => Assert.Equal(("r", now.AddDays(9)), (policy.AccessPolicy.Permissions, policy.AccessPolicy.PolicyExpiresOn)));

        await scene.Vault.RevokeReplicaReadAsync("op-1", Token);
        Assert.Equal(403, await RefusalAsync(sums, VaultNames.Sums(0)));
        Assert.True(await new BlobContainerClient(hosts).GetBlobClient(VaultNames.Set(1, 1)).ExistsAsync(Token), "the source's grant is its own");
    }

    [Fact]
    public async Task A_grant_of_an_earlier_version_has_no_part_for_the_checksums_and_is_renewed_without()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 7, MiB);
        await scene.Vault.GrantReplicaReadAsync("op-1", TestDocuments.Now, Token);
        await scene.Vault.Log.SetAccessPolicyAsync(permissions: [], cancellationToken: Token);

        Assert.True(await scene.Vault.RenewReplicaReadAsync("op-1", TestDocuments.Now.AddDays(2), Token));

        Assert.Empty((await scene.Vault.Log.GetAccessPolicyAsync(cancellationToken: Token)).Value.SignedIdentifiers);
    }

    private static async Task<int> RefusalAsync(Uri grant, string blob)
    {
        UriBuilder other = new(grant);
        other.Path = $"{other.Path[..other.Path.IndexOf("/sums/", StringComparison.Ordinal)]}/{blob}";
        return (await Assert.ThrowsAsync<Azure.RequestFailedException>(() => new BlobClient(other.Uri).DownloadContentAsync(Token))).Status;
    }

    [Fact]
    public async Task Nothing_after_a_seal_is_applied()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 3, MiB);
        await scene.Source.CommitAsync(Token);
        SealResult seal = await scene.Vault.SealAsync(1, "op", TestDocuments.Now, Token);
        SetManifest late = TestDocuments.Set(scene.Id, seal.Sequence + 1, seal.LastSet?.Sha256);
        await scene.Vault.Log.GetBlobClient(VaultNames.Set(1, late.Sequence)).UploadAsync(new BinaryData(VaultJson.Write(late)), Token);

        ApplyResult result = await scene.ApplyAllAsync();
        ApplyResult again = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.Sealed, ApplyOutcome.Sealed), (result.Outcome, again.Outcome));
        Assert.Equal((1L, 1L), Assert.Single(again.Applied!.SealedEpochs.Select(ended => (ended.Epoch, ended.LastSequence))));
        await scene.AssertPointsAsync(1);
    }

    [Theory]
    [InlineData("flip")]
    [InlineData("cut")]
    [InlineData("remove")]
    public async Task A_damaged_segment_ends_the_chain_and_leaves_the_points_before_it(string damage)
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 4, 2 * MiB);
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        BlobClient segment = scene.Vault.Log.GetBlobClient(scene.Source.LastSegment);
        byte[] content = (await segment.DownloadContentAsync(Token)).Value.Content.ToArray();
        content[^100] ^= 1;
        await segment.DeleteAsync(cancellationToken: Token);
        if (damage != "remove")
            await segment.UploadAsync(new BinaryData(damage == "cut" ? content[..^1] : content), Token);

        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal(ApplyOutcome.Damaged, result.Outcome);
        Assert.Equal((2, scene.Source.LastSegment), (result.Applied?.Damage?.Sequence, result.Applied?.Damage?.Blob));
        RecoveryPointDocument point = Assert.Single(await scene.Vault.ListPointsAsync(Token));
        await scene.AssertEqualsSourceAsync(point);
        Assert.Equal(ApplyOutcome.Damaged, (await scene.ApplyAllAsync()).Outcome);
    }

    [Fact]
    public async Task A_set_whose_chain_hash_does_not_fit_is_damage()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 5, MiB);
        await scene.Source.CommitAsync(Token);
        SetManifest stray = TestDocuments.Set(scene.Id, 2, new string('0', 64));
        await scene.Vault.Log.GetBlobClient(VaultNames.Set(1, 2)).UploadAsync(new BinaryData(VaultJson.Write(stray)), Token);

        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.Damaged, 1), (result.Outcome, result.SetsApplied));
        Assert.Contains("previous set", result.Applied?.Damage?.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_set_of_a_newer_format_is_refused_and_is_no_damage()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 6, MiB);
        await scene.Source.CommitAsync(Token);
        await scene.Vault.Log.GetBlobClient(VaultNames.Set(1, 2)).UploadAsync(new BinaryData("""{"formatVersion":3}"""), Token);

        VaultException fault = await Assert.ThrowsAsync<VaultException>(scene.ApplyAllAsync);
        Assert.Equal(VaultFault.Unsupported, fault.Fault);
        Assert.Null((await scene.Vault.ReadAppliedAsync(Token))?.Damage);
    }

    [Fact]
    public async Task What_was_written_for_a_point_counts_also_when_the_applier_was_killed_right_after_it()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 8, MiB);
        scene.Source.Write(0, 0, 100_000);
        await scene.Source.CommitAsync(Token);
        CutPolicy cut = new(2, afterEffect: true, message => // First the point's place is taken, then it is filled.
            message.Request.Uri.ToUri().AbsolutePath.EndsWith(VaultNames.Point(1, 1), StringComparison.Ordinal));
        using (LeaseHolder holder = scene.OpenState())
            await CrashMatrixTests.RunUntilKilledAsync(() => scene.Applier(holder, cut).ApplyAsync(int.MaxValue, null, Token));
        RecoveryPointDocument point = Assert.Single(await scene.Vault.ListPointsAsync(Token));

        await scene.ApplyAllAsync();

        AppliedDocument applied = (await scene.Vault.ReadAppliedAsync(Token))!;
        Assert.Equal(1, applied.PointCount);
        Assert.True(point.AppliedBytesTotal > 0);
        Assert.Equal(point.AppliedBytesTotal, applied.AppliedBytesTotal);
    }

    [Fact]
    public async Task A_disk_index_that_comes_back_begins_with_zeros()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 8, MiB);
        BlobContainerClient replica = scene.Vault.Replica;
        await replica.GetPageBlobClient(VaultNames.Disk(0)).CreateAsync(5 * MiB, cancellationToken: Token);
        using MemoryStream rest = new(Enumerable.Repeat((byte)7, 1024).ToArray());
        await replica.GetPageBlobClient(VaultNames.Disk(0)).UploadPagesAsync(rest, 200 * 1024, cancellationToken: Token);
        scene.Source.Write(0, 0, 10);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await scene.AssertPointsAsync(1);
    }

    [Fact]
    public async Task A_disk_that_shrinks_and_grows_again_has_zeros_and_their_checksums_where_it_was_cut_off()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 12, 4 * MiB);
        scene.Source.Write(0, 0, 4 * MiB);
        await scene.Source.CommitAsync(Token);
        scene.Source.Resize(0, MiB + 512);
        await scene.Source.CommitAsync(Token);
        scene.Source.Resize(0, 4 * MiB);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await scene.AssertPointsAsync(1, 2, 3);
    }

    [Fact]
    public async Task Points_past_their_retention_go_with_their_snapshots_but_never_the_newest_or_the_one_in_use()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 9, MiB);
        for (int set = 0; set < 4; set++)
        {
            scene.Source.Write(0, set * 65536, 65536);
            await scene.Source.CommitAsync(Token);
        }

        await scene.ApplyAllAsync();
        for (int sequence = 1; sequence <= 3; sequence++)
            await MakeOlderAsync(scene.Vault.Replica.GetBlobClient(VaultNames.Point(1, sequence)));
        Versioned<JournalDocument> journal = (await scene.Vault.ReadJournalAsync(Token))!;
        PointSummary inUse = new(1, 2, TestDocuments.Now, Consistency.CrashConsistent);
        FailoverRecord failover = new("op", "site-b", "host-b", null, inUse, Committed: false);
        await scene.Vault.WriteJournalAsync(journal.Value with { Failover = failover }, journal.ETag, Token);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();

        await scene.AssertPointsAsync(2, 3, 4, 5); // 3 stood when the time at full density began.
        Assert.Equal(2, (await scene.Vault.ReadAppliedAsync(Token))?.OldestPoint?.Sequence);
    }

    private static async Task MakeOlderAsync(BlobClient point)
    {
        BlobProperties properties = await point.GetPropertiesAsync(cancellationToken: Token);
        Dictionary<string, string> metadata = new(properties.Metadata) { ["stored"] = TestDocuments.Now.AddHours(-30).ToString("O") };
        await point.SetMetadataAsync(metadata, cancellationToken: Token);
    }

    private sealed class Recorder(List<ApplyProgress> seen) : IProgress<ApplyProgress>
    {
        public void Report(ApplyProgress value) => seen.Add(value);
    }
}
