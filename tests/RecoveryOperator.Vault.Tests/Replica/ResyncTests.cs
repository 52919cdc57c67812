using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Replica.Logs;

namespace RecoveryOperator.Vault.Tests.Replica;

public sealed class ResyncTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_damaged_set_is_undone_and_a_resynchronization_goes_on_behind_the_sets_that_are_skipped()
    {
        using ReplicaScene scene = await PrepareAsync();
        scene.Source.Write(0, 0, MiB);
        scene.Source.Resize(1, 3 * MiB);
        scene.Source.Write(1, 2 * MiB, 1000);
        await scene.Source.CommitAsync(Token);
        string damaged = scene.Source.LastSegment!;
        scene.Source.Write(0, MiB, 1000);
        await scene.Source.CommitAsync(Token);
        await scene.DamageLogAsync(damaged);

        ApplyResult ended = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.Damaged, 2L, true), (ended.Outcome, ended.Applied!.Damage!.Sequence, ended.Applied.Damage.RolledBack));
        await scene.AssertHoldsAsync(1, 1);
        ResyncNeed need = (await scene.Source.Store.ReadReplicaStateAsync(Token))!.NeedsResync!;
        Assert.Equal((ResyncNeedReason.SetDamaged, 2L, false), (need.Reason, need.Sequence, need.ComputeAnew));

        await scene.Source.AskAsync(computeAnew: false, Token);
        ReplicaStateDocument told = await AnswerAsync(scene);
        Assert.Equal((1L, 4L, false), (told.Sequence, told.Answer!.Sequence, told.Answer.Computed));
        await scene.Source.CommitResyncAsync(told, Token);
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.UpToDate, 2), (result.Outcome, result.SetsApplied));
        Assert.Null(result.Applied!.Damage);
        SkippedSets skipped = Assert.Single(result.Applied.Skipped);
        Assert.Equal((1L, 2L, 3L), (skipped.Epoch, skipped.FromSequence, skipped.ThroughSequence));
        await scene.AssertPointsAsync(1, 4, 5);
        ReplicaStateDocument after = (await scene.Source.Store.ReadReplicaStateAsync(Token))!;
        Assert.Equal((null, null), (after.NeedsResync, after.Answer));
    }

    [Fact]
    public async Task Checksums_computed_anew_find_what_the_stored_ones_do_not_and_the_resynchronization_heals_the_replica()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.RotAsync(0, (2 * MiB) - 512);
        await scene.RotAsync(0, 65536);
        await scene.Vault.Replica.GetPageBlobClient(VaultNames.Disk(0)).ClearPagesAsync(new Azure.HttpRange(3 * 65536, 65536), cancellationToken: Token);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        ReplicaStateDocument warned = (await scene.Source.Store.ReadReplicaStateAsync(Token))!;
        Assert.Equal((ResyncNeedReason.ReplicaDamaged, true), (warned.NeedsResync!.Reason, warned.NeedsResync.ComputeAnew));

        await scene.Source.AskAsync(computeAnew: true, Token);
        ReplicaStateDocument told = await AnswerAsync(scene);
        Assert.True(told.Answer!.Computed);
        Assert.StartsWith("sums/computed/", told.Answer.Tables[0].Blob, StringComparison.Ordinal);
        StoredSet set = await scene.Source.CommitResyncAsync(told, Token);
        Assert.Equal(2, set.Manifest.Disks[0].Base.Count); // Three blocks, two in a segment; nothing else differs.
        Assert.Empty(set.Manifest.Disks[1].Base);
        ReplicaDamageRecord known = (await scene.Vault.ReadAppliedAsync(Token))!.ReplicaDamage!;
        Assert.Equal(new PointDamageRecord(known.FoundAt, 0, 65536, 1), (await scene.Vault.ReadPointAsync(1, 2, Token))!.Damage);
        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Null(result.Applied!.ReplicaDamage);
        Assert.Null((await scene.Vault.ReadPointAsync(1, 3, Token))!.Damage);
        await scene.AssertHoldsAsync(1, 3);
        await scene.AssertEqualsSourceAsync((await scene.Vault.ReadPointAsync(1, 3, Token))!);
        Assert.False(await scene.HasLogAsync(told.Answer.Tables[0].Blob), "The computed table is not needed any more.");
    }

    [Theory]
    [InlineData("position")]
    [InlineData("hash")]
    [InlineData("request")]
    [InlineData("computed")]
    [InlineData("nothing")]
    public async Task A_resynchronization_that_was_compared_with_anything_else_is_damage_and_the_next_one_goes_on(string difference)
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.Source.AskAsync(computeAnew: false, Token);
        ReplicaStateDocument told = await AnswerAsync(scene);
        ReplicaStateDocument wrong = difference switch
        {
            "position" => told with { Sequence = 0, SetSha256 = null },
            "hash" => told with { SetSha256 = new string('0', 64) },
            "request" => told with { Answer = told.Answer! with { Request = 1 } },
            "computed" => told with { Answer = told.Answer! with { Computed = true } },
            _ => told,
        };
        scene.Source.Write(0, 0, 1000);
        if (difference == "nothing")
            await scene.Vault.Log.GetBlobClient(VaultNames.ReplicaState).DeleteAsync(cancellationToken: Token);
        await scene.Source.CommitResyncAsync(wrong, Token);
        ApplyResult refused = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.Damaged, 2L), (refused.Outcome, refused.Applied!.Damage!.Sequence));
        Assert.StartsWith("ComparedWithAnother", refused.Applied.Damage.Reason, StringComparison.Ordinal);

        await scene.Source.AskAsync(computeAnew: false, Token);
        await scene.Source.CommitResyncAsync(await AnswerAsync(scene), Token);
        Assert.Equal(ApplyOutcome.UpToDate, (await scene.ApplyAllAsync()).Outcome);
        await scene.AssertPointsAsync(1, 3);
    }

    [Fact]
    public async Task The_newest_of_several_requests_is_answered_once_and_only_while_nothing_is_committed_behind()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.Source.AskAsync(computeAnew: true, Token);
        Assert.Equal(1, (await scene.Source.AskAsync(computeAnew: false, Token)).Request);
        using LeaseHolder holder = scene.OpenState();
        ReplicaApplier applier = scene.Applier(holder);
        Assert.False(await applier.HasWorkAsync(Token));
        Assert.Equal(1, (await applier.FindRequestAsync(Token))?.Request);
        await applier.AnswerAsync(null, Token);
        ReplicaStateDocument told = (await scene.Source.Store.ReadReplicaStateAsync(Token))!;
        Assert.Equal((1, false), (told.Answer!.Request, told.Answer.Computed));
        Assert.Null(await applier.FindRequestAsync(Token));

        await scene.Source.AskAsync(computeAnew: false, Token);
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        Assert.Equal(ApplyOutcome.More, (await applier.AnswerAsync(null, Token)).Outcome);
        await applier.ApplyAsync(int.MaxValue, null, Token);
        Assert.Null((await scene.Source.Store.ReadReplicaStateAsync(Token))!.Answer);
        await scene.AssertPointsAsync(1, 2);
        // The table changed: whoever still compares with it is told so.
        VaultException changed = await Assert.ThrowsAsync<VaultException>(() => scene.Source.Store.OpenChecksumTable(told.Answer.Tables[0]).ReadAsync(0, new byte[16], Token));
        Assert.Equal(VaultFault.Changed, changed.Fault);
    }

    [Fact]
    public async Task A_replica_without_a_disk_or_with_a_smaller_one_is_answered_with_what_it_has()
    {
        using ReplicaScene scene = await PrepareAsync();
        scene.Source.Attach(2, MiB);
        scene.Source.Write(2, 0, 1000);
        scene.Source.Resize(1, 4 * MiB);
        scene.Source.Write(1, 3 * MiB, 1000);
        await scene.Source.AskAsync(computeAnew: false, Token);
        ReplicaStateDocument told = await AnswerAsync(scene);
        Assert.Equal([0, 1], told.Answer!.Tables.Select(table => table.Index));
        await scene.Source.CommitResyncAsync(told, Token);
        Assert.Equal(ApplyOutcome.UpToDate, (await scene.ApplyAllAsync()).Outcome);
        await scene.AssertPointsAsync(1, 2);
    }

    /// <summary>The manifest: what a host that is no longer trusted puts at the end of its epoch does not keep it from being fenced.</summary>
    [Theory]
    [InlineData("segment", 1)]
    [InlineData("no manifest", 1)]
    [InlineData("no manifest", 0)]
    public async Task A_seal_behind_a_damaged_set_ends_the_epoch_and_the_next_one_begins(string damage, int setsBehind)
    {
        using ReplicaScene scene = await PrepareAsync();
        scene.Source.Write(0, 0, MiB);
        await scene.Source.CommitAsync(Token);
        string segment = scene.Source.LastSegment!;
        for (int set = 0; set < setsBehind; set++)
            await scene.Source.CommitAsync(Token);
        if (damage == "segment")
            await scene.DamageLogAsync(segment);
        else
            await scene.Vault.Log.GetBlobClient(VaultNames.Set(1, 2)).UploadAsync(new BinaryData(damage), overwrite: true, Token);
        foreach (string operation in new[] { "op", "op-again" })
        {
            SealResult seal = await scene.Vault.SealAsync(1, operation, TestDocuments.Now, Token);
            Assert.Equal((3 + setsBehind, "op"), (seal.Sequence, seal.SealedBy));
        }

        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.Sealed, 2L), (result.Outcome, result.Applied!.Damage!.Sequence));
        Assert.Equal((1L, 1L), Assert.Single(result.Applied.SealedEpochs.Select(ended => (ended.Epoch, ended.LastSequence))));

        await scene.BeginEpochAsync(1, 1);
        scene.Source.Write(0, 0, 1000);
        await scene.Source.CommitAsync(Token);
        result = await scene.ApplyAllAsync();
        Assert.Null(result.Applied!.Damage);
        Assert.Equal(2, Assert.Single(result.Applied.Skipped).FromSequence);
        await scene.AssertAllPointsAsync((1, 1), (2, 1));
    }

    /// <summary>The storage tells times in whole seconds, and a host may begin the next copy in the second in which it completed the last one.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task What_is_copied_in_the_second_of_a_completed_copy_may_be_of_the_next_one_and_is_not_swept(int secondsOlder, bool stays)
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.Source.AskAsync(computeAnew: false, Token);
        StoredSet set = await scene.Source.CommitResyncAsync(await AnswerAsync(scene), Token);
        BlockBlobClient next = scene.Vault.Log.GetBlockBlobClient(VaultNames.BaseSegment(1, Guid.NewGuid(), 0, 0));
        await next.UploadAsync(new MemoryStream(new byte[100]), cancellationToken: Token);
        DateTimeOffset written = (await next.GetPropertiesAsync(cancellationToken: Token)).Value.LastModified;

        await new LogSweeper(scene.Vault, new LogBlobs(scene.Vault, NullLogger.Instance)).SweepAsync(set with { StoredAt = written.AddSeconds(secondsOlder) }, Token);

        Assert.Equal(stays, (await next.ExistsAsync(Token)).Value);
    }

    [Fact]
    public async Task A_first_set_that_is_damaged_leaves_an_empty_replica_that_a_resynchronization_fills()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 31, MiB);
        scene.Source.Write(0, 0, MiB / 2);
        await scene.Source.CommitAsync(Token);
        await scene.DamageLogAsync(scene.Source.LastSegment!);
        Assert.Equal(ApplyOutcome.Damaged, (await scene.ApplyAllAsync()).Outcome);
        await scene.Source.AskAsync(computeAnew: false, Token);
        ReplicaStateDocument told = await AnswerAsync(scene);
        Assert.Equal((0L, null), (told.Sequence, told.SetSha256));
        Assert.Empty(told.Answer!.Tables);
        await scene.Source.CommitResyncAsync(told, Token);
        Assert.Equal(ApplyOutcome.UpToDate, (await scene.ApplyAllAsync()).Outcome);
        await scene.AssertPointsAsync(2);
    }

    private static async Task<ReplicaStateDocument> AnswerAsync(ReplicaScene scene)
    {
        using LeaseHolder holder = scene.OpenState();
        ReplicaApplier applier = scene.Applier(holder);
        await applier.ApplyAsync(int.MaxValue, null, Token);
        Assert.Equal(ApplyOutcome.UpToDate, (await applier.AnswerAsync(null, Token)).Outcome);
        return (await scene.Source.Store.ReadReplicaStateAsync(Token))!;
    }

    private async Task<ReplicaScene> PrepareAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 30, 2 * MiB, MiB + 512);
        scene.Source.Write(0, 0, MiB);
        scene.Source.Write(1, MiB - 1000, 1512);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        return scene;
    }
}
