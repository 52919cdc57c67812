using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

/// <summary>How often the status of a machine that does well changes: with ten thousand of them there is room for one write in a quarter of an hour each.</summary>
public sealed class StatusRefreshTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(15);

    [Theory]
    [InlineData(true, 4, null)]
    [InlineData(false, 4, null)]
    [InlineData(false, 4, 5)]
    public void All_times_of_a_machine_that_does_well_are_refreshed_in_one_write_in_each_quarter_of_an_hour(bool vaultAnswers, int most, int? emptyCutsWaiting)
    {
        var entity = new ProtectedVM { Metadata = new() { Name = "vm", NamespaceProperty = "ns", Generation = 1 }, Spec = Spec };
        List<TimeSpan> changes = [];
        for (var second = 0; second <= 3600; second += 30)
        {
            var next = Build(entity, Start.AddSeconds(second), second / 30, vaultAnswers || second == 0, emptyCutsWaiting);
            if (JsonSerializer.Serialize(next) != JsonSerializer.Serialize(entity.Status))
                changes.Add(TimeSpan.FromSeconds(second));
            entity = new ProtectedVM { Metadata = entity.Metadata, Spec = entity.Spec, Status = next };
        }

        Assert.Equal(TimeSpan.Zero, changes[0]);
        Assert.True(changes.Count - 1 <= most + (vaultAnswers ? 0 : 1), string.Join(", ", changes));
        Assert.True(Start.AddHours(1) - entity.Status!.LastShipped!.ObservedTime <= Refresh, $"{entity.Status.LastShipped}");
        Assert.True(entity.Status.Schedule is null || Start.AddHours(1) - entity.Status.Schedule.ObservedTime <= Refresh, $"{entity.Status.Schedule}");
    }

    private static ProtectedVMSpec Spec => new()
    {
        SiteRef = new() { Name = "site" },
        Vm = new() { Name = "web" },
        PolicyRef = new() { Name = "policy" },
        VaultRef = new() { Name = "vault" },
    };

    private static ProtectedVMStatus Build(ProtectedVM entity, DateTimeOffset now, long cycle, bool vaultAnswers, int? emptyCutsWaiting)
    {
        var point = new PointSummary(1, cycle + 1, now.AddSeconds(-20), Consistency.CrashConsistent);
        var applied = new AppliedDocument { Epoch = 1, Sequence = cycle + 1, LatestPoint = point, OldestPoint = point, PointCount = 9, StorageMeasuredAt = now, ReplicaAllocatedBytes = cycle };
        var gathered = new GatheredProtection
        {
            Entity = entity,
            Status = new ProtectionStatus { NextCycle = cycle % 2 == 0 ? now.AddSeconds(30).ToTimestamp() : null, CutsWaiting = emptyCutsWaiting ?? (int)(cycle % 3), PendingBytes = emptyCutsWaiting is null ? cycle : 0 },
            Replica = vaultAnswers ? new(now, null, null, applied, [point], true, null) : null,
            Facts = new()
            {
                Now = now,
                Wish = new() { CopyFrequency = TimeSpan.FromSeconds(30), Retention = new(24) },
                Machine = new(MachineOutcome.Found, "Found", "It is there.", "host", "m-1", "web"),
                Vault = vaultAnswers ? new() { Knowledge = VaultKnowledge.Ours, Epoch = 1, AppliedSequence = cycle + 1, LatestPoint = point.Instant, PointConfirmed = true } : new() { Knowledge = VaultKnowledge.Unknown },
                Agent = new() { Knowledge = AgentKnowledge.Reports, Phase = AgentPhase.Replicating, Epoch = 1, CommittedSequence = cycle + 2, CommittedInstant = now, HasWish = true },
                Prerequisites = PrerequisiteFacts.Passed,
            },
        };
        return ProtectedVMStatusBuilder.Build(gathered, ProtectionDecider.Decide(gathered.Facts), Refresh);
    }
}
