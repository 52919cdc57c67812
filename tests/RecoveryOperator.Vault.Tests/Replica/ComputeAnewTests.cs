using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

/// <summary>Checksums that are computed from the page blobs, in parts: what was computed before an interruption is kept as long as the page blob is the same.</summary>
public sealed class ComputeAnewTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;
    private const int PartBytes = 2 * MiB;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_interrupted_computation_goes_on_where_it_was()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.Source.AskAsync(computeAnew: true, Token);
        Assert.Equal(2, await InterruptAsync(scene, afterParts: 2));

        ReplicaStateDocument told = await FinishAsync(scene, expectedReads: 2);

        await AssertRightAsync(scene, told);
    }

    [Fact]
    public async Task A_replica_that_was_written_meanwhile_is_computed_from_its_beginning()
    {
        using ReplicaScene scene = await PrepareAsync();
        await scene.Source.AskAsync(computeAnew: true, Token);
        await InterruptAsync(scene, afterParts: 3);
        PageBlobClient disk = scene.Vault.Replica.GetPageBlobClient(VaultNames.Disk(0));
        await disk.UploadPagesAsync(new MemoryStream([.. Enumerable.Repeat((byte)0xEE, 512)]), 65536, cancellationToken: Token);

        ReplicaStateDocument told = await FinishAsync(scene, expectedReads: 4);

        byte[] table = await TableAsync(scene, told);
        Assert.NotEqual(ReplicaScene.SumsOf(scene.Source.Instants[(1, 1)][0])[16..32], table[16..32]);
    }

    private async Task<ReplicaScene> PrepareAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 33, 4 * PartBytes);
        for (int part = 0; part < 4; part++)
            scene.Source.Write(0, part * PartBytes, MiB);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync();
        return scene;
    }

    /// <returns>Ranges of the disk that were read.</returns>
    private static async Task<int> InterruptAsync(ReplicaScene scene, int afterParts)
    {
        using CancellationTokenSource interrupt = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using LeaseHolder holder = scene.OpenState();
        ReadCounter reads = new();
        ReplicaApplier applier = scene.Applier(holder, reads, computePartBytes: PartBytes);
        await applier.ApplyAsync(int.MaxValue, null, Token);
        int parts = 0;
        Progress progress = new(() =>
        {
            if (++parts == afterParts)
                interrupt.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => applier.AnswerAsync(progress, interrupt.Token));
        return reads.Count;
    }

    private static async Task<ReplicaStateDocument> FinishAsync(ReplicaScene scene, int expectedReads)
    {
        using LeaseHolder holder = scene.OpenState();
        ReadCounter reads = new();
        ReplicaApplier applier = scene.Applier(holder, reads, computePartBytes: PartBytes);
        await applier.ApplyAsync(int.MaxValue, null, Token);
        Assert.Equal(ApplyOutcome.UpToDate, (await applier.AnswerAsync(null, Token)).Outcome);
        Assert.Equal(expectedReads, reads.Count);
        return (await scene.Source.Store.ReadReplicaStateAsync(Token))!;
    }

    private static async Task AssertRightAsync(ReplicaScene scene, ReplicaStateDocument told)
    {
        byte[] wanted = ReplicaScene.SumsOf(scene.Source.Instants[(1, 1)][0]);
        Assert.Equal(wanted, (await TableAsync(scene, told))[..wanted.Length]);
    }

    private static async Task<byte[]> TableAsync(ReplicaScene scene, ReplicaStateDocument told) =>
        (await scene.Vault.Log.GetBlobClient(Assert.Single(told.Answer!.Tables).Blob).DownloadContentAsync(Token)).Value.Content.ToArray();

    private sealed class Progress(Action told) : IProgress<ApplyProgress>
    {
        public void Report(ApplyProgress value) => told();
    }

    /// <summary>Counts reads of the disk's content.</summary>
    private sealed class ReadCounter : HttpPipelinePolicy
    {
        private int _count;

        public int Count => _count;

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Only asynchronous requests are made.");

        public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (message.Request.Method == RequestMethod.Get && message.Request.Uri.Path.EndsWith(VaultNames.Disk(0), StringComparison.Ordinal)
                && !message.Request.Uri.Query.Contains("comp=", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _count);
            }

            return ProcessNextAsync(message, pipeline);
        }
    }
}
