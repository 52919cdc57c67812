using Microsoft.Extensions.Diagnostics.HealthChecks;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Operator.Hosting;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.Hosting;

public class MissingKindTests(Cluster cluster)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_RecoveryJobs_machines_are_protected_and_their_jobs_come_once_the_kind_does()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Token);
        await world.StopOperatorAsync();
        using var faults = world.OperatorFaults = new FaultHandler { HiddenKind = "recoveryjobs" };
        await world.StartOperatorAsync("cluster-1", Token);

        await world.ProtectAsync("vm", Token);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Token)).ProtectionId!;
        Assert.Contains(world.Logs, line => line.Contains("RecoveryJob cannot be listed", StringComparison.Ordinal) && line.Contains("recoveryjobs.recoveryoperator.io", StringComparison.Ordinal));
        Assert.DoesNotContain(world.Logs, line => line.Contains("was not made", StringComparison.Ordinal));

        faults.HiddenKind = null;
        await Eventually.HoldsAsync(async () => (await world.Client.ListAsync<RecoveryJob>(new(world.Namespace), 0, null, Token)).Items.Count == 1, Token);
        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, 1));
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Token);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Token);
    }

    [Theory]
    [InlineData(true, true, false, false, HealthStatus.Healthy, null)]
    [InlineData(true, true, false, true, HealthStatus.Degraded, "Not installed: RecoveryJob")]
    [InlineData(true, false, false, false, HealthStatus.Unhealthy, "Not read yet: RecoveryJob.")]
    [InlineData(false, true, false, false, HealthStatus.Unhealthy, "Not read yet: ProtectedVM.")]
    [InlineData(false, false, true, true, HealthStatus.Unhealthy, "Not read yet: ProtectedVM (cannot be listed)")]
    public async Task Readiness_names_the_kinds_that_are_missing(bool machinesRead, bool jobsRead, bool machinesAbsent, bool jobsAbsent, HealthStatus status, string? says)
    {
        var check = new InformersSyncedCheck([new Kept("ProtectedVM", machinesRead, machinesAbsent), new Kept("RecoveryJob", jobsRead, jobsAbsent)], new(["RecoveryJob"]));

        var result = await check.CheckHealthAsync(new(), Token);

        Assert.Equal(status, result.Status);
        Assert.StartsWith(says ?? "", result.Description ?? "", StringComparison.Ordinal);
    }

    private sealed record Kept(string Kind, bool HasSynced, bool IsAbsent) : IInformer
    {
        public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WaitForAnswerAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task RunAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
