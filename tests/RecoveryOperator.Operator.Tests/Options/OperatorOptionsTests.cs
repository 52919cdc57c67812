using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Tests.Options;

public class OperatorOptionsTests
{
    [Fact]
    public void Every_fault_is_listed_at_once()
    {
        var options = new OperatorOptions
        {
            ClusterName = "Not Valid",
            ListenAddress = "nowhere",
            StatusRefreshInterval = TimeSpan.Zero,
            Tls = new() { CertificateFile = "/does/not/exist" },
        };

        Assert.Equal(6, options.Faults().Count);
    }

    [Fact]
    public void A_cluster_name_is_all_that_must_be_given() => Assert.Empty(new OperatorOptions { ClusterName = "prod-1" }.Faults());
}
