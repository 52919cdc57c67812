using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

public sealed class CrashMatrixTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_applier_killed_at_any_write_request_leaves_nothing_that_its_successor_does_not_put_right(bool afterEffect)
    {
        int atWrite = 1;
        for (bool wasHit = true; wasHit; atWrite++)
        {
            using ReplicaScene scene = await PrepareAsync();
            CutPolicy cut = new(atWrite, afterEffect);
            using (LeaseHolder holder = scene.OpenState())
                await RunUntilKilledAsync(() => scene.Applier(holder, cut).ApplyAsync(int.MaxValue, null, TestContext.Current.CancellationToken));

            foreach (RecoveryPointDocument point in await scene.Vault.ListPointsAsync(TestContext.Current.CancellationToken))
                await scene.AssertEqualsSourceAsync(point);

            ApplyResult result = await scene.ApplyAllAsync();
            Assert.True(result.Outcome == ApplyOutcome.Sealed, $"{result.Outcome} after a kill at write {atWrite}");
            await scene.AssertPointsAsync(1, 2, 3);
            await scene.Vault.DeleteAsync(TestContext.Current.CancellationToken);
            wasHit = cut.WasHit;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{atWrite - 2} kills, after their effect: {afterEffect}");
        Assert.True(atWrite > 40, $"Only {atWrite} writes were seen.");
    }

    internal static async Task RunUntilKilledAsync(Func<Task> process)
    {
        try
        {
            await process();
        }
        catch (Exception fault) when (fault is CutException || (fault as AggregateException)?.Flatten().InnerExceptions.All(inner => inner is CutException) == true)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(fault.Message);
        }
    }

    private async Task<ReplicaScene> PrepareAsync()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 7, 1 * MiB, (1 * MiB) + 1536);
        scene.Source.Write(0, 0, 100_000);
        scene.Source.Write(1, MiB - 1000, 2536);
        await scene.Source.CommitAsync(token);
        scene.Source.Zero(0, 0, 70_000);
        scene.Source.Resize(1, 3 * MiB);
        scene.Source.Write(1, MiB, 65_536);
        scene.Source.Write(1, (2 * MiB) + 100, 70_000);
        await scene.Source.CommitAsync(token);
        await scene.Source.CommitAsync(token);
        await scene.Vault.SealAsync(1, "op", TestDocuments.Now, token);
        return scene;
    }
}
