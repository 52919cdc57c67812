using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

public class ResyncStatusTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_resynchronization_is_told_with_reason_cost_progress_and_end()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var id = await SettleAsync(world);

        world.Agent.Report(id, s =>
        {
            s.Phase = Agent.ProtectionPhase.Resynchronizing;
            s.Resync = new()
            {
                Reason = "ChangeTrackingLost",
                Message = "The bitmap is broken.",
                Stage = Agent.ResyncStage.WaitingForWindow,
                StartsAt = DateTimeOffset.UtcNow.AddHours(3).ToTimestamp(),
                EstimatedBytes = 5 << 20,
                TotalBytes = 100 << 20,
            };
        });
        var waiting = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Resynchronizing, Cancel);
        Assert.Equal(("ChangeTrackingLost", ResyncStage.WaitingForWindow, 5L << 20, 100L << 20), (waiting.Resync!.Reason, waiting.Resync.Stage, waiting.Resync.EstimatedBytes, waiting.Resync.TotalBytes));
        Assert.NotNull(waiting.Resync.StartsAt);
        var condition = waiting.Conditions.Single(c => c.Type == "ResyncRequired");
        Assert.Equal(("True", "ChangeTrackingLost"), (condition.Status, condition.Reason));
        Assert.Contains("About 5 MiB of 100 MiB", condition.Message, StringComparison.Ordinal);
        Assert.Equal(ReplicationHealth.Critical, waiting.Health);
        await Eventually.HoldsAsync(async () => (await world.EventsAsync("vm", Cancel)).Any(e => e is { Reason: "ChangeTrackingLost", Type: "Warning" }), Cancel);

        world.Agent.Report(id, s => (s.Resync.Stage, s.Resync.StartsAt, s.Resync.ComparedBytes) = (Agent.ResyncStage.Comparing, null, 42 << 20));
        var running = await world.WaitAsync("vm", s => s.Progress?.Percent == 42, Cancel);
        Assert.Equal((ReplicationHealth.Warning, ResyncStage.Comparing), (running.Health, running.Resync!.Stage));

        world.Agent.Report(id, s => (s.Phase, s.Resync, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, null, 2));
        var over = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Cancel);
        Assert.Null(over.Resync);
        Assert.Null(over.Progress);
        Assert.Equal("False", over.Conditions.Single(c => c.Type == "ResyncRequired").Status);
    }

    [Fact]
    public async Task A_resynchronization_that_waits_for_somebody_is_critical_and_says_what_to_do()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var id = await SettleAsync(world);

        world.Agent.Report(id, s =>
        {
            s.Phase = Agent.ProtectionPhase.ResyncRequired;
            s.Fault = new() { Category = Agent.FaultCategory.ResyncRequired, Reason = "DisksChanged", Message = "A disk grew.", Remedy = "Ask for it." };
            s.Resync = new() { Reason = "DisksChanged", Message = "A disk grew.", Stage = Agent.ResyncStage.WaitingForUser };
        });

        var status = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Critical, Cancel);
        var stalled = status.Conditions.Single(c => c.Type == "Stalled");
        Assert.Equal(("True", "DisksChanged"), (stalled.Status, stalled.Reason));
        Assert.Contains("spec.resync", stalled.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_a_point_is_not_app_consistent_is_told_and_the_protection_stays_ready()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var id = await SettleAsync(world);
        await world.Client.MergePatchAsync<ReplicationPolicy>(new(world.Namespace, "policy"), """{"spec":{"appConsistentInterval":"1h"}}""", null, Cancel);

        world.Agent.Report(id, s => s.AppConsistentProblem = "The guest agent of web does not answer.");
        var told = await world.WaitAsync("vm", s => s.Conditions.Any(c => c is { Type: "AppConsistency", Status: "False" }), Cancel);
        Assert.Contains("The guest agent of web does not answer.", told.Conditions.Single(c => c.Type == "AppConsistency").Message, StringComparison.Ordinal);
        Assert.Equal((ProtectionPhase.Protected, "True"), (told.Phase, told.Conditions.Single(c => c.Type == "Ready").Status));

        world.Agent.Report(id, s => (s.AppConsistentProblem, s.AppConsistentInstant) = ("", DateTimeOffset.UtcNow.ToTimestamp()));
        await world.WaitAsync("vm", s => s.Conditions.Any(c => c is { Type: "AppConsistency", Status: "True", Reason: "AppConsistent" }), Cancel);
    }

    private static async Task<string> SettleAsync(TestWorld world)
    {
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, 1));
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Cancel);
        return id;
    }
}
