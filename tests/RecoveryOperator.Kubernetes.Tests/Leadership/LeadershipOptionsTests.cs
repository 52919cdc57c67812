using RecoveryOperator.Kubernetes.Leadership;

namespace RecoveryOperator.Kubernetes.Tests.Leadership;

public sealed class LeadershipOptionsTests
{
    [Fact]
    public void The_defaults_are_valid() => new LeadershipOptions().Validate();

    [Fact]
    public void Every_fault_is_listed_at_once()
    {
        var wrong = new LeadershipOptions { LeaseDuration = TimeSpan.FromSeconds(10.5), RetryPeriod = TimeSpan.Zero, Name = "" };
        var refused = Assert.Throws<InvalidOperationException>(wrong.Validate);
        Assert.Contains("whole seconds", refused.Message, StringComparison.Ordinal);
        Assert.Contains("TerminationGrace", refused.Message, StringComparison.Ordinal);
        Assert.Contains("RetryPeriod", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Name", refused.Message, StringComparison.Ordinal);
    }
}
