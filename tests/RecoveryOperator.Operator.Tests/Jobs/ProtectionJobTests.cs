using System.Text.Json;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.Jobs;

/// <summary>Jobs of machines, with the whole operator on a real API server and an agent that says what the test wants.</summary>
public sealed class ProtectionJobTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_initial_replication_has_a_job_with_bytes_and_disk_that_ends_with_the_first_recovery_point_and_then_rests()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;

        world.Agent.Report(id, s => s.Initial = new() { Disk = 2, Disks = 3, BytesDone = 42, BytesTotal = 100 });
        var copying = await WaitAsync(world, j => j.Status?.Percent == 42);
        var copy = copying.Status!.Steps.Single(s => s.Name == "Copy");
        Assert.Equal((RecoveryJobState.Running, "Copy", 42L, 100L, "Disk 2 of 3."), (copying.Status.State, copying.Status.CurrentStep, copy.BytesDone, copy.BytesTotal, copy.Message));
        Assert.Equal(("vm", "ProtectedVM"), (copying.Metadata.OwnerReferences.Single().Name, copying.Metadata.OwnerReferences.Single().Kind));

        // Asked for and refused: it runs on, and says what to do instead.
        await PatchAsync(world, copying, """{"spec":{"cancel":{"id":"c-1"}}}""");
        var refused = await WaitAsync(world, j => j.Status!.Conditions.Any(c => c.Reason == "CancelRefused"));
        Assert.Equal(RecoveryJobState.Running, refused.Status!.State);
        Assert.Contains("spec.paused", refused.Status.Conditions.Single(c => c.Type == "Cancelable").Message, StringComparison.Ordinal);
        await Eventually.HoldsAsync(async () => (await world.EventsAsync(copying.Metadata.Name, Cancel)).Any(e => e is { Reason: "CancelRefused", Type: "Warning" }), Cancel);

        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence, s.Initial) = (Agent.ProtectionPhase.Replicating, 1, null));
        await WaitAsync(world, j => j.Status!.CurrentStep == "RecoveryPoint");
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Cancel);
        var ended = await WaitAsync(world, j => j.Status!.State == RecoveryJobState.Succeeded);
        Assert.Equal((100, 100L), (ended.Status!.Percent, ended.Status.Steps[0].BytesDone));
        Assert.All(ended.Status.Steps, s => Assert.Equal(JobStepState.Succeeded, s.State));
        await Eventually.HoldsAsync(async () => (await world.EventsAsync(copying.Metadata.Name, Cancel)).Any(e => e.Reason == "JobSucceeded"), Cancel);

        // A machine at rest: sets come and go, and no job is made or written.
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Cancel);
        world.Agent.Report(id, s => s.CommittedSequence = 2);
        await world.Replicas.ApplyAsync(id, 2, DateTimeOffset.UtcNow, Cancel);
        await world.ProtectAsync("second", Cancel, spec => spec with { Vm = new() { Id = "m-1" } });
        await world.WaitAsync("second", second => second.Conditions.Any(c => c.Reason == "MachineClaimed"), Cancel);
        Assert.Equal(ended.Metadata.ResourceVersion, Assert.Single(await ListAsync(world)).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task The_job_of_an_initial_replication_is_there_before_the_host_is_told()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var jobs = -1;
        world.Agent.BeforePut = async () => jobs = (await ListAsync(world)).Count;

        await world.ProtectAsync("vm", Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Puts.Count == 1, Cancel);

        Assert.Equal(1, jobs);
    }

    [Fact]
    public async Task A_restarted_operator_goes_on_with_the_job_that_is_there_and_a_deleted_one_comes_back()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        var before = await WaitAsync(world, j => j.Status?.State == RecoveryJobState.Running);
        await world.StopOperatorAsync();
        world.Agent.Report(id, s => s.Initial = new() { Disk = 1, Disks = 1, BytesDone = 90, BytesTotal = 100 });

        await world.StartOperatorAsync("cluster-1", Cancel);
        var after = await WaitAsync(world, j => j.Status?.Percent == 90);
        Assert.Equal((before.Metadata.Uid, before.Status!.StartedAt), (after.Metadata.Uid, after.Status!.StartedAt));

        await world.Client.DeleteAsync<RecoveryJob>(new(world.Namespace, after.Metadata.Name), Cancel);
        var again = await WaitAsync(world, j => j.Metadata.Uid != after.Metadata.Uid && j.Status?.Percent == 90);
        Assert.Equal(after.Metadata.Name, again.Metadata.Name);
    }

    [Fact]
    public async Task A_resynchronization_is_canceled_by_its_job_and_the_next_one_has_another()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var id = await SettleAsync(world);
        world.Agent.Report(id, s => (s.Phase, s.Resync) = (Agent.ProtectionPhase.Resynchronizing, Comparing("t-1")));
        var running = await WaitAsync(world, j => j.Spec.Type == RecoveryJobType.Resync && j.Status?.Percent == 42);
        var compare = running.Status!.Steps.Single(s => s.Name == "Compare");
        Assert.Equal((JobStepState.Running, 42L << 20, 100L << 20), (compare.State, compare.BytesDone, compare.BytesTotal));
        Assert.Equal(JobStepState.Skipped, running.Status.Steps.Single(s => s.Name == "Window").State);
        Assert.StartsWith("resync-1-1-", running.Spec.OperationId, StringComparison.Ordinal);

        await PatchAsync(world, running, """{"spec":{"cancel":{"id":"c-1"}}}""");
        await WaitAsync(world, j => j.Status?.State == RecoveryJobState.Canceling);
        await Eventually.HoldsAsync(() => world.Agent.Puts.Last().Resync.Action == Agent.ResyncAction.Cancel, Cancel);
        world.Agent.Report(id, s => (s.Phase, s.Resync) = (Agent.ProtectionPhase.Replicating, null));
        var canceled = await WaitAsync(world, j => j.Status?.State == RecoveryJobState.Canceled);
        Assert.Equal((running.Metadata.Uid, "False"), (canceled.Metadata.Uid, canceled.Status!.Conditions.Single(c => c.Type == "Stalled").Status));
        await Eventually.HoldsAsync(() => world.Agent.Puts.Last().Resync.Action == Agent.ResyncAction.Run, Cancel);

        world.Agent.Report(id, s => (s.Phase, s.Resync) = (Agent.ProtectionPhase.Resynchronizing, Comparing("t-2")));
        var next = await WaitAsync(world, j => j.Spec.Type == RecoveryJobType.Resync && j.Status?.State == RecoveryJobState.Running);
        Assert.NotEqual(running.Metadata.Name, next.Metadata.Name);
        world.Agent.Report(id, s => (s.Phase, s.Resync, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, null, 2));
        await WaitAsync(world, j => j.Metadata.Name == next.Metadata.Name && j.Status?.State == RecoveryJobState.Succeeded);
    }

    /// <summary>Whether the end or the cancel came first is decided by the set that stands in the vault.</summary>
    [Theory]
    [InlineData(Completes.Resync, RecoveryJobState.Succeeded)]
    [InlineData(Completes.None, RecoveryJobState.Canceled)]
    public async Task The_vault_says_whether_a_canceled_resynchronization_was_complete_before(Completes completes, RecoveryJobState expected)
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var id = await SettleAsync(world);
        world.Agent.Report(id, s => (s.Phase, s.Resync) = (Agent.ProtectionPhase.Resynchronizing, Comparing("")));
        var running = await WaitAsync(world, j => j.Spec is { Type: RecoveryJobType.Resync, OperationId: "resync-1-1" } && j.Status?.State == RecoveryJobState.Running);
        var host = new BlobLogStore(new Uri(world.Agent.Puts.Last().LogContainerUri), TimeProvider.System);
        await PatchAsync(world, running, """{"spec":{"cancel":{"id":"c-1"}}}""");
        await WaitAsync(world, j => j.Status?.State == RecoveryJobState.Canceling);
        await host.CommitAsync(
            new()
            {
                Kind = SetKind.Set,
                ProtectionId = id,
                Epoch = 1,
                Sequence = 2,
                Attempt = Guid.NewGuid(),
                PreviousSha256 = "ab",
                Instant = DateTimeOffset.UtcNow,
                Consistency = Consistency.CrashConsistent,
                Completes = completes,
                Machine = new("m-1", "web", JsonSerializer.SerializeToElement(new { })),
            },
            Cancel);

        world.Agent.Report(id, s => (s.Phase, s.Resync, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, null, 2));

        await WaitAsync(world, j => j.Metadata.Name == running.Metadata.Name && j.Status?.State == expected);
    }

    [Fact]
    public async Task An_ended_job_is_cleaned_up_when_its_time_has_come_and_one_made_by_hand_says_what_to_do()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var id = await SettleAsync(world);
        var ended = await WaitAsync(world, j => j.Status?.State == RecoveryJobState.Succeeded);
        await PatchAsync(world, ended, """{"spec":{"ttlSecondsAfterFinished":1}}""");
        await Eventually.HoldsAsync(async () => (await ListAsync(world)).Count == 0, Cancel);

        await world.CreateAsync(
            new RecoveryJob { Spec = new() { Type = RecoveryJobType.Resync, SubjectRef = new() { Kind = JobSubjectKind.ProtectedVM, Name = "vm" }, OperationId = "mine" } }, "mine", Cancel);
        var mine = await WaitAsync(world, j => j.Metadata.Name == "mine" && j.Status?.State == RecoveryJobState.Failed);
        Assert.Contains("spec.resync", mine.Status!.Message, StringComparison.Ordinal);

        // The machine's visits since made nothing anew.
        world.Agent.Report(id, s => s.CommittedSequence = 2);
        await world.ProtectAsync("second", Cancel, spec => spec with { Vm = new() { Id = "m-1" } });
        await world.WaitAsync("second", second => second.Conditions.Any(c => c.Reason == "MachineClaimed"), Cancel);
        Assert.Single(await ListAsync(world));
    }

    [Fact]
    public async Task A_retry_of_a_job_is_handed_to_the_host()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        world.Agent.Report(id, s => s.Fault = new() { Category = Agent.FaultCategory.NonRecoverable, Reason = "BrokenChain", Message = "The chain is broken.", Remedy = "Mend it." });
        var stalled = await WaitAsync(world, j => j.Status?.Conditions.Any(c => c is { Type: "Stalled", Status: "True", Reason: "BrokenChain" }) == true);
        Assert.Equal(RecoveryJobState.Running, stalled.Status!.State);

        await PatchAsync(world, stalled, """{"metadata":{"annotations":{"recoveryoperator.io/retry":"now"}}}""");

        await Eventually.HoldsAsync(() => world.Agent.Puts.Last().RetryToken == "now", Cancel);
        world.Agent.Report(id, s => s.Fault = null);
        await WaitAsync(world, j => j.Status?.Conditions.Any(c => c is { Type: "Stalled", Status: "False" }) == true);
    }

    private static Agent.ResyncStatus Comparing(string token) => new()
    {
        Reason = "Requested",
        Message = "It was asked for.",
        Stage = Agent.ResyncStage.Comparing,
        TotalBytes = 100 << 20,
        ComparedBytes = 42 << 20,
        Token = token,
    };

    private static async Task<string> SettleAsync(TestWorld world)
    {
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, 1));
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Cancel);
        return id;
    }

    private static Task<RecoveryJob> PatchAsync(TestWorld world, RecoveryJob job, string patch) =>
        world.Client.MergePatchAsync<RecoveryJob>(new(world.Namespace, job.Metadata.Name), patch, null, Cancel);

    private static async Task<IReadOnlyList<RecoveryJob>> ListAsync(TestWorld world) => (await world.Client.ListAsync<RecoveryJob>(new(world.Namespace), 0, null, Cancel)).Items;

    /// <summary>Waits for a job that is as wanted; on time-out the message shows all.</summary>
    private static async Task<RecoveryJob> WaitAsync(TestWorld world, Func<RecoveryJob, bool> wanted)
    {
        IReadOnlyList<RecoveryJob> jobs = [];
        try
        {
            await Eventually.HoldsAsync(async () => (jobs = await ListAsync(world)).Any(wanted), Cancel);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"The jobs are {string.Join("; ", jobs.Select(j => $"{j.Metadata.Name} {j.Status}"))}", error);
        }

        return jobs.First(wanted);
    }
}
