using RecoveryOperator.Operator.ProtectedVMs;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

public sealed class NetworkAdviceTests
{
    [Fact]
    public void That_there_is_no_map_is_said_only_where_maps_are_known()
    {
        var known = new HashSet<string> { "lan" };

        var unknown = NetworkAdvice.Decide(["lan"], "a", "b", null, isListed: false, known);
        var told = NetworkAdvice.Decide(["lan"], "a", "b", null, isListed: true, known);

        Assert.Equal((null, "MapsNotListed"), (unknown.Status, unknown.Reason));
        Assert.DoesNotContain("There is no NetworkMap", unknown.Message, StringComparison.Ordinal);
        Assert.Equal((true, "SameNames"), (told.Status, told.Reason));
    }
}
