using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

/// <summary>What recovered machines read is told truly, or as not known.</summary>
public sealed class RecoveredReadsAdviceTests
{
    private static readonly RecoveredMachine Machine = new("host-b", "id-1", "the recovered machine");

    [Fact]
    public void A_damaged_block_is_told_with_host_disk_point_place_and_what_to_do()
    {
        var told = RecoveredReadsAdvice.Decide([Machine], _ => Says(true, new RecoveredDiskReads { MachineId = "id-1", Target = "vdb", Snapshot = "2026-01-02T03:04:05Z", Compared = true, DamagedBlocks = 2, FirstDamagedOffsetBytes = 65536 }));

        Assert.Equal((false, "DamagedBlocks"), (told.Status, told.Reason));
        foreach (var part in new[] { "host-b", "vdb", "2026-01-02T03:04:05Z", "2 of its blocks", "byte 65536", "vault verify" })
            Assert.Contains(part, told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_of_one_machine_is_not_hidden_by_another_whose_host_is_silent() => Assert.Equal(
        "DamagedBlocks",
        RecoveredReadsAdvice.Decide(
            [new("host-a", "id-0", "the test machine t"), Machine],
            host => host == "host-a" ? null : Says(true, new RecoveredDiskReads { MachineId = "id-1", Target = "vda", DamagedBlocks = 1, Compared = true })).Reason);

    [Fact]
    public void What_was_not_compared_is_told_and_what_is_not_known_is_unknown()
    {
        var uncompared = RecoveredReadsAdvice.Decide([Machine], _ => Says(true, new RecoveredDiskReads { MachineId = "id-1", Target = "vda" }));

        Assert.Equal((false, "NotCompared"), (uncompared.Status, uncompared.Reason));
        Assert.Equal((null, "NotKnown"), Of(null, Says(true)));
        Assert.Equal((null, "NothingRecovered"), Of([], Says(true)));
        Assert.Equal((null, "AgentSilent"), Of([Machine], null));
        Assert.Equal((null, "AgentTooOld"), Of([Machine], Says(false)));
        Assert.Equal((true, "Compared"), Of([Machine], Says(true, new RecoveredDiskReads { MachineId = "another", Target = "vda" })));
    }

    private static (bool?, string) Of(IReadOnlyList<RecoveredMachine>? machines, HostDescription? said) =>
        RecoveredReadsAdvice.Decide(machines, _ => said) is var told ? (told.Status, told.Reason) : default;

    private static HostDescription Says(bool compares, params RecoveredDiskReads[] reads)
    {
        HostDescription said = new() { ComparesReads = compares };
        said.RecoveredReads.AddRange(reads);
        return said;
    }
}
