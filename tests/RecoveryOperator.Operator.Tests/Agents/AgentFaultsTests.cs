using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.Agents;

public sealed class AgentFaultsTests
{
    [Theory]
    [InlineData("the network is not active", "run there: virsh net-start default", "network default: the network is not active. run there: virsh net-start default.")]
    [InlineData("It is away.", "Wait.", "network default: It is away. Wait.")]
    [InlineData("It is away.", "", "network default: It is away.")]
    public void Cause_and_remedy_never_run_into_one_another(string message, string remedy, string expected) =>
        Assert.Equal(expected, AgentFaults.Text(new Fault { Object = "network default", Message = message, Remedy = remedy }));
}
