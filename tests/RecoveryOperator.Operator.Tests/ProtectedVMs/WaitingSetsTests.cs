using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

/// <summary>What a vault agent waits for until somebody acts is told where people look.</summary>
public sealed class WaitingSetsTests
{
    [Theory]
    [InlineData("KeyMissing")]
    [InlineData("VaultUnsupported")]
    [InlineData("VaultDamaged")]
    public void Sets_that_wait_for_somebody_are_told_with_the_blob_and_the_remedy(string reason)
    {
        var told = FactsGatherer.Waiting(Status(reason));

        Assert.Equal(reason, told?.Reason);
        Assert.Equal("1/2/set.json: It is of a newer version. Upgrade the vault agent.", told?.Message);
    }

    [Theory]
    [InlineData("VaultUnavailable")]
    [InlineData("VaultConflict")]
    [InlineData("SetDamaged")]
    public void What_ends_by_itself_or_is_told_elsewhere_is_not_waited_for(string reason) => Assert.Null(FactsGatherer.Waiting(Status(reason)));

    [Fact]
    public void A_replica_that_nobody_told_of_waits_for_nothing() => Assert.Null(FactsGatherer.Waiting((ReplicaStatus?)null));

    private static ReplicaStatus Status(string reason) => new()
    {
        Fault = new Fault { Category = FaultCategory.NonRecoverable, Reason = reason, Object = "1/2/set.json", Message = "It is of a newer version", Remedy = "Upgrade the vault agent." },
    };
}
