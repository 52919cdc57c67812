using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

/// <summary>The vault agent is killed before and after each of its write requests while a replica is rolled back, resynchronized, or computed anew.</summary>
public sealed class ResyncCrashMatrixTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_rollback_for_a_new_epoch_that_is_killed_at_any_write_is_finished_by_its_successor(bool afterEffect) => RunAsync(
        afterEffect,
        least: 25,
        PrepareEpochAsync,
        async (applier, _) => await applier.ApplyAsync(int.MaxValue, null, Token),
        scene => scene.AssertAllPointsAsync((1, 1), (1, 2), (2, 1)));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_damaged_set_and_its_resynchronization_survive_a_kill_at_any_write(bool afterEffect) => RunAsync(
        afterEffect,
        least: 40,
        PrepareDamageAsync,
        (applier, scene) => ResynchronizeAsync(applier, scene, 4),
        async scene =>
        {
            AppliedDocument applied = (await scene.Vault.ReadAppliedAsync(Token))!;
            Assert.Null(applied.Damage);
            Assert.All(applied.Skipped, skipped => Assert.Equal((2, 3), (skipped.FromSequence, skipped.ThroughSequence)));
            await scene.AssertPointsAsync(1, 4);
        });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Checksums_computed_anew_and_the_set_that_was_compared_with_them_survive_a_kill_at_any_write(bool afterEffect) => RunAsync(
        afterEffect,
        least: 40,
        PrepareRotAsync,
        (applier, scene) => ResynchronizeAsync(applier, scene, 2),
        async scene =>
        {
            Assert.Null((await scene.Vault.ReadAppliedAsync(Token))!.ReplicaDamage);
            await scene.AssertEqualsSourceAsync((await scene.Vault.ReadPointAsync(1, 2, Token))!);
            await scene.AssertHoldsAsync(1, 2);
        });

    private static async Task RunAsync(
        bool afterEffect, int least, Func<Task<ReplicaScene>> prepare, Func<ReplicaApplier, ReplicaScene, Task> process, Func<ReplicaScene, Task> check)
    {
        int atWrite = 1;
        for (bool wasHit = true; wasHit; atWrite++)
        {
            using ReplicaScene scene = await prepare();
            IReadOnlyList<RecoveryPointDocument> older = await scene.Vault.ListPointsAsync(Token);
            CutPolicy cut = new(atWrite, afterEffect);
            using (LeaseHolder holder = scene.OpenState())
                await CrashMatrixTests.RunUntilKilledAsync(() => process(scene.Applier(holder, cut), scene));

            foreach (RecoveryPointDocument point in older)
                Assert.Equivalent(point, await scene.Vault.ReadPointAsync(point.Epoch, point.Sequence, Token), strict: true);
            using (LeaseHolder holder = scene.OpenState())
                await process(scene.Applier(holder), scene);
            await check(scene);
            await scene.Vault.DeleteAsync(Token);
            wasHit = cut.WasHit;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{atWrite - 2} kills, after their effect: {afterEffect}");
        Assert.True(atWrite > least, $"Only {atWrite} writes were seen.");
    }

    /// <summary>Both sides until the resynchronization is applied; the host is another process, and goes on where it is.</summary>
    private static async Task ResynchronizeAsync(ReplicaApplier applier, ReplicaScene scene, long untilSequence)
    {
        for (int round = 0; round < 20; round++)
        {
            ApplyResult result = await applier.ApplyAsync(int.MaxValue, null, Token);
            if (result.Applied?.Sequence == untilSequence)
                return;

            if (scene.Source.NextSequence > untilSequence || await scene.Source.Store.ReadReplicaStateAsync(Token) is not { NeedsResync: { } need } told)
                continue;
            if (told.Answer is { } answer && answer.Sequence == untilSequence)
                await CommitAsync(scene, told);
            else if (await applier.FindRequestAsync(Token) is null)
                await scene.Source.AskAsync(need.ComputeAnew, Token);
            else
                await applier.AnswerAsync(null, Token);
        }

        Assert.Fail($"Set {untilSequence} was not applied in 20 rounds.");
    }

    private static async Task CommitAsync(ReplicaScene scene, ReplicaStateDocument told)
    {
        try
        {
            await scene.Source.CommitResyncAsync(told, Token);
        }
        catch (VaultException changed) when (changed.Fault == VaultFault.Changed)
        {
            await scene.Source.AskAsync(told.Answer!.Computed, Token);
        }
    }

    private async Task<ReplicaScene> PrepareEpochAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 41, MiB, (1 * MiB) + 1536, MiB / 2);
        scene.Source.Write(0, 0, 200_000);
        scene.Source.Write(1, MiB - 1000, 2536);
        scene.Source.Write(2, 0, 1000);
        await scene.Source.CommitAsync(Token);
        scene.Source.Zero(0, 0, 70_000);
        scene.Source.Write(0, MiB / 2, 70_000);
        scene.Source.Resize(1, 2 * MiB);
        scene.Source.Write(1, MiB + 70_000, 65_536);
        scene.Source.Detach(2);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await scene.BeginEpochAsync(1, 1);
        scene.Source.Write(0, 0, 1000);
        scene.Source.Write(2, 70_000, 1000);
        await scene.Source.CommitAsync(Token);
        return scene;
    }

    private async Task<ReplicaScene> PrepareDamageAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 42, MiB, (1 * MiB) + 512);
        scene.Source.Write(0, 0, 200_000);
        scene.Source.Write(1, MiB, 512);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        scene.Source.Write(0, 65_536, 300_000);
        scene.Source.Resize(1, 2 * MiB);
        scene.Source.Write(1, MiB, 200_000);
        await scene.Source.CommitAsync(Token);
        string damaged = scene.Source.LastSegment!;
        await scene.Source.CommitAsync(Token);
        await scene.DamageLogAsync(damaged);
        scene.Source.Zero(0, 0, 70_000);
        return scene;
    }

    private async Task<ReplicaScene> PrepareRotAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 43, MiB, (1 * MiB) + 512);
        scene.Source.Write(0, 0, 300_000);
        scene.Source.Write(1, MiB, 512);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        await scene.RotAsync(0, 65_536);
        await scene.RotAsync(0, MiB - 512);
        scene.Source.Write(0, 0, 1000);
        return scene;
    }
}
