using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

public sealed class LeaseTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_applier_leaves_a_replica_alone_while_the_first_holds_it()
    {
        using ReplicaScene scene = await PrepareAsync();
        Gate gate = new(message => IsPageWrite(message));
        using LeaseHolder first = scene.OpenState();
        using LeaseHolder second = LeaseHolder.CreateEphemeral();
        Task<ApplyResult> working = scene.Applier(first, gate).ApplyAsync(int.MaxValue, null, Token);
        await gate.Reached.WaitAsync(TimeSpan.FromSeconds(30), Token);

        ApplyResult refused = await scene.Applier(second).ApplyAsync(int.MaxValue, null, Token);
        gate.Open();
        Assert.Equal((ApplyOutcome.LeaseHeld, 0), (refused.Outcome, refused.SetsApplied));
        Assert.Equal(ApplyOutcome.UpToDate, (await working).Outcome);
        await scene.AssertPointsAsync(1, 2);
    }

    [Fact]
    public async Task A_set_waits_for_a_disk_that_another_applier_still_holds_and_no_point_is_made_of_the_rest()
    {
        using ReplicaScene scene = await PrepareAsync();
        using LeaseHolder holder = LeaseHolder.CreateEphemeral();
        ReplicaApplier applier = scene.Applier(holder);
        Assert.Equal(1, (await applier.ApplyAsync(1, null, Token)).SetsApplied);
        BlobLeaseClient other = scene.Vault.Replica.GetPageBlobClient("disk-0.vhd").GetBlobLeaseClient();
        await other.AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: Token);

        ApplyResult held = await applier.ApplyAsync(int.MaxValue, null, Token);
        Assert.Equal((ApplyOutcome.LeaseHeld, 0), (held.Outcome, held.SetsApplied));
        await scene.AssertPointsAsync(1);

        await other.ReleaseAsync(cancellationToken: Token);
        Assert.Equal(ApplyOutcome.UpToDate, (await applier.ApplyAsync(int.MaxValue, null, Token)).Outcome);
        await scene.AssertPointsAsync(1, 2);
    }

    [Theory]
    [InlineData("lease")]
    [InlineData("page")]
    [InlineData("snapshot")]
    [InlineData("point")]
    [InlineData("applied.json")]
    public async Task What_a_stalled_applier_still_sends_is_refused_after_another_took_over(string request)
    {
        using ReplicaScene scene = await PrepareAsync();
        Gate gate = new(message => request switch
        {
            "lease" => IsLeaseOfADisk(message),
            "page" => IsPageWrite(message),
            "snapshot" => message.Request.Uri.Query.Contains("comp=snapshot", StringComparison.Ordinal),
            "point" => IsPut(message, "/points/") && message.Request.Headers.TryGetValue("If-Match", out _),
            _ => IsPut(message, "/applied.json") && !message.Request.Uri.Query.Contains("comp=lease", StringComparison.Ordinal) && message.Request.Headers.TryGetValue("x-ms-lease-id", out _),
        });
        using LeaseHolder stalledHolder = LeaseHolder.CreateEphemeral();
        Task<ApplyResult> stalled = scene.Applier(stalledHolder, gate, leaseDuration: TimeSpan.FromSeconds(15)).ApplyAsync(int.MaxValue, null, Token);
        await gate.Reached.WaitAsync(TimeSpan.FromSeconds(30), Token);

        // The stalled process renews nothing: its leases are broken here at once, which is what running out comes to.
        await BreakLeasesAsync(scene);
        ApplyResult successor = await scene.ApplyAllAsync();
        gate.Open();
        ApplyResult result = await stalled;

        Assert.Equal(ApplyOutcome.UpToDate, successor.Outcome);
        Assert.Equal(ApplyOutcome.LeaseLost, result.Outcome);
        await scene.AssertPointsAsync(1, 2);
        await scene.AssertHoldsAsync(1, 2);
    }

    [Fact]
    public async Task A_point_s_place_that_a_stalled_applier_gives_up_while_it_is_taken_is_taken_anew()
    {
        using ReplicaScene scene = await PrepareAsync();
        using LeaseHolder holder = LeaseHolder.CreateEphemeral();
        await scene.Vault.Replica.GetBlobClient(VaultNames.Point(1, 1)).UploadAsync(BinaryData.Empty, Token); // Taken by an applier that was stalled.

        // The place is there when it is to be created, and gone when it is read.
        Gate taking = new(message => message.Request.Method == RequestMethod.Get && message.Request.Uri.Path.EndsWith(VaultNames.Point(1, 1), StringComparison.Ordinal));
        Task<ApplyResult> working = scene.Applier(holder, taking).ApplyAsync(int.MaxValue, null, Token);
        await taking.Reached.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await PointSlot.AbandonAsync(scene.Vault, 1, 1, Token);
        taking.Open();

        Assert.Equal(ApplyOutcome.UpToDate, (await working).Outcome);
        await scene.AssertPointsAsync(1, 2);
        await scene.AssertHoldsAsync(1, 2);
    }

    private static bool IsLeaseOfADisk(HttpMessage message) => message.Request.Uri.Path.EndsWith("disk-0.vhd", StringComparison.Ordinal)
        && message.Request.Headers.TryGetValue("x-ms-lease-action", out string? action) && action == "acquire";

    /// <summary>Turns, the second thing that keeps a late page out, are off here as well.</summary>
    [Fact]
    public async Task Without_the_lease_on_page_writes_a_stalled_applier_writes_over_its_successor()
    {
        Guards.SwitchOff(Guard.WritesInTurns);
        using ReplicaScene scene = await PrepareAsync();
        Gate gate = new(IsPageWrite);
        using LeaseHolder stalledHolder = LeaseHolder.CreateEphemeral();
        ReplicaApplier applier = scene.Applier(stalledHolder, gate, leaseDuration: TimeSpan.FromSeconds(15), writesCarryLease: false);
        Task<ApplyResult> stalled = applier.ApplyAsync(int.MaxValue, null, Token);
        await gate.Reached.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await BreakLeasesAsync(scene);
        await scene.ApplyAllAsync();
        gate.Open();
        await stalled;
        await Assert.ThrowsAsync<Xunit.Sdk.TrueException>(() => scene.AssertHoldsAsync(1, 2));
    }

    [Fact]
    public void A_state_folder_serves_one_process_at_a_time_and_remembers_earlier_sessions()
    {
        string folder = Directory.CreateTempSubdirectory("lease-holder-").FullName;
        Guid first;
        using (LeaseHolder holder = LeaseHolder.Open(folder))
        {
            first = holder.Session;
            Assert.Throws<IOException>(() => LeaseHolder.Open(folder));
        }

        File.AppendAllText(Path.Combine(folder, "lease-sessions"), "0123torn");
        using (LeaseHolder next = LeaseHolder.Open(folder))
            Assert.Equal([first], next.Earlier);
        using (LeaseHolder third = LeaseHolder.Open(folder))
            Assert.Equal(2, third.Earlier.Count);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_try_after_a_failed_one_has_other_leases_so_that_a_late_request_of_the_failed_one_is_refused()
    {
        using ReplicaScene scene = await PrepareAsync();
        FirstPageWriteFails lost = new();
        using LeaseHolder holder = scene.OpenState();
        ReplicaApplier applier = scene.Applier(holder, lost);
        await Assert.ThrowsAnyAsync<Exception>(() => applier.ApplyAsync(1, null, Token));
        await applier.ApplyAsync(1, null, Token);
        Assert.Equal(2, lost.Leases.Distinct().Count());
        await applier.ApplyAsync(int.MaxValue, null, Token);
        await scene.AssertPointsAsync(1, 2);
    }

    private static bool IsPageWrite(HttpMessage message) => IsPut(message, "/disk-0.vhd") && message.Request.Uri.Query.Contains("comp=page", StringComparison.Ordinal);

    private static bool IsPut(HttpMessage message, string path) =>
        message.Request.Method == RequestMethod.Put && message.Request.Uri.Path.Contains(path, StringComparison.Ordinal);

    private static async Task BreakLeasesAsync(ReplicaScene scene)
    {
        foreach (BlobBaseClient blob in new[]
        {
            scene.Vault.Replica.GetBlobBaseClient(VaultNames.Applied),
            scene.Vault.Replica.GetBlobBaseClient(VaultNames.Disk(0)),
            scene.Vault.Log.GetBlobBaseClient(VaultNames.Sums(0)),
        })
        {
            // Whoever was stopped early has not taken all of them.
            if (await blob.ExistsAsync(Token) && (await blob.GetPropertiesAsync(cancellationToken: Token)).Value.LeaseState == LeaseState.Leased)
                await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Token);
        }
    }

    private async Task<ReplicaScene> PrepareAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 11, MiB);
        scene.Source.Write(0, 0, 65536);
        await scene.Source.CommitAsync(Token);
        scene.Source.Write(0, 0, 65536);
        await scene.Source.CommitAsync(Token);
        return scene;
    }

    /// <summary>Holds the first request that matches, and every other after it, until it is opened.</summary>
    private sealed class Gate(Predicate<HttpMessage> matches) : HttpPipelinePolicy
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Open() => _open.TrySetResult();

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Only asynchronous requests are made.");

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (_reached.Task.IsCompleted || matches(message))
            {
                _reached.TrySetResult();
                await _open.Task;
            }

            await ProcessNextAsync(message, pipeline);
        }
    }

    /// <summary>The first page write never gets through; the leases of all of them are noted.</summary>
    private sealed class FirstPageWriteFails : HttpPipelinePolicy
    {
        public List<string> Leases { get; } = [];

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Only asynchronous requests are made.");

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (IsPageWrite(message) && message.Request.Headers.TryGetValue("x-ms-lease-id", out string? lease))
            {
                Leases.Add(lease);
                if (Leases.Count == 1)
                    throw new CutException();
            }

            await ProcessNextAsync(message, pipeline);
        }
    }
}
