using System.Text.Json.Nodes;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using ProtectionPhase = RecoveryOperator.Api.ProtectedVMs.ProtectionPhase;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

/// <summary>What a user changes in a policy, a protection or a host reaches agent and vault.</summary>
public class PolicyChangeTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Terms_of_a_policy_reach_agent_and_journal()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        Assert.Null(JsonNode.Parse(await world.Replicas.ReadAsync(id, "journal.json", Cancel))!["retention"]);

        await world.Client.MergePatchAsync<ReplicationPolicy>(
            new(world.Namespace, "policy"),
            """
            {"spec":{"appConsistentInterval":"1h","retentionTiers":{"hourlyFor":"48h","dailyFor":"720h","weeklyFor":"8736h"},"newDisks":"Ignore","compression":"None",
             "resync":{"automatic":false,"window":{"start":"20:00","end":"05:30"},"thresholdPercent":30},
             "bandwidth":{"limitPerSecond":"1M","schedule":[{"days":["Monday"],"from":"08:00","to":"18:00","limitPerSecond":"100k"}]}}}
            """,
            null,
            Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Puts.LastOrDefault()?.AppConsistentInterval is not null, Cancel);

        var put = world.Agent.Puts.Last();
        Assert.Equal((TimeSpan.FromHours(1), "Etc/UTC", NewDisks.Ignore, Compression.None), (put.AppConsistentInterval.ToTimeSpan(), put.TimeZone, put.NewDisks, put.Compression));
        Assert.Equal(new ResyncTerms { ManualOnly = true, ThresholdPercent = 30, Window = new() { StartMinute = 1200, EndMinute = 330 } }, put.Resync);
        Assert.Equal((1_000_000, 100_000), (put.Bandwidth.DefaultBytesPerSecond, put.Bandwidth.Slots.Single().BytesPerSecond));
        await Eventually.HoldsAsync(async () => JsonNode.Parse(await world.Replicas.ReadAsync(id, "journal.json", Cancel))!["retention"] is not null, Cancel);
        Assert.Equal(
            """{"fullDensityHours":24,"hourlyForHours":48,"dailyForDays":30,"weeklyForWeeks":52}""",
            JsonNode.Parse(await world.Replicas.ReadAsync(id, "journal.json", Cancel))!["retention"]!.ToJsonString());
    }

    [Fact]
    public async Task A_request_for_a_resynchronization_reaches_the_agent_with_its_token()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);

        await world.Client.MergePatchAsync<ProtectedVM>(new(world.Namespace, "vm"), """{"spec":{"resync":{"token":"after-incident-7","action":"Run"}}}""", null, Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Puts.LastOrDefault()?.Resync.Token == "after-incident-7", Cancel);
        await world.Client.MergePatchAsync<ProtectedVM>(new(world.Namespace, "vm"), """{"spec":{"resync":{"action":"Cancel"}}}""", null, Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Puts.LastOrDefault()?.Resync.Action == Protocol.ResyncAction.Cancel, Cancel);

        Assert.Equal("after-incident-7", world.Agent.Puts.Last().Resync.Token);
        Assert.DoesNotContain(world.Agent.Puts, put => put.Resync.ComputeAnew);
    }

    [Fact]
    public async Task A_request_for_checksums_computed_anew_reaches_the_agent_and_one_without_does_not_inherit_it()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);

        await world.Client.MergePatchAsync<ProtectedVM>(new(world.Namespace, "vm"), """{"spec":{"resync":{"token":"after-incident-8","checksums":"Computed"}}}""", null, Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Puts.LastOrDefault()?.Resync is { Token: "after-incident-8", ComputeAnew: true }, Cancel);

        await world.Client.MergePatchAsync<ProtectedVM>(new(world.Namespace, "vm"), """{"spec":{"resync":{"token":"after-incident-9","checksums":null}}}""", null, Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Puts.LastOrDefault()?.Resync is { Token: "after-incident-9", ComputeAnew: false }, Cancel);
    }

    [Fact]
    public async Task A_hosts_bandwidth_reaches_its_agent_and_again_when_it_comes_back()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Settings is { Bandwidth: null }, Cancel);

        await world.Client.MergePatchAsync<RecoveryHost>(
            new(world.Namespace, "host"), """{"spec":{"bandwidth":{"limitPerSecond":"10Mi","schedule":[{"from":"22:00","to":"05:00","limitPerSecond":"0"}]}}}""", null, Cancel);

        await Eventually.HoldsAsync(() => world.Agent.Settings?.Bandwidth is { DefaultBytesPerSecond: 10 << 20, Slots.Count: 1 }, Cancel);
        Assert.Equal("Etc/UTC", world.Agent.Settings!.TimeZone);
        await ConditionAsync(world, "True", "Applied");

        await world.Client.MergePatchAsync<RecoveryHost>(new(world.Namespace, "host"), """{"spec":{"bandwidth":null}}""", null, Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Settings is { Bandwidth: null }, Cancel);
    }

    [Fact]
    public async Task A_policy_that_the_server_let_through_is_told_with_every_fault()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);

        await world.Client.MergePatchAsync<ReplicationPolicy>(
            new(world.Namespace, "policy"), """{"spec":{"appConsistentInterval":"48h","retentionTiers":{"dailyFor":"12h"}}}""", null, Cancel);

        var status = await world.WaitAsync("vm", s => s.Conditions.Any(c => c is { Type: "ReferencesResolved", Status: "False" }), Cancel);
        var told = status.Conditions.Single(c => c.Type == "ReferencesResolved").Message;
        Assert.Contains("appConsistentInterval must not be longer than recoveryPointRetention", told, StringComparison.Ordinal);
        Assert.Contains("retentionTiers.dailyFor must be longer than recoveryPointRetention", told, StringComparison.Ordinal);
    }

    private static Task ConditionAsync(TestWorld world, string status, string reason) => Eventually.HoldsAsync(
        async () => (await world.Client.GetAsync<RecoveryHost>(new(world.Namespace, "host"), Cancel))?.Status?.Conditions
            .Any(c => c.Type == "SettingsApplied" && c.Status == status && c.Reason == reason) == true,
        Cancel);
}
