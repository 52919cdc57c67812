using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Tests.Faults;

public class FaultTableTests
{
    [Theory]
    [InlineData(HypervisorFault.Transient, FaultCategory.Recoverable)]
    [InlineData(HypervisorFault.NoSpace, FaultCategory.Recoverable)]
    [InlineData(HypervisorFault.NotFound, FaultCategory.NonRecoverable)]
    [InlineData(HypervisorFault.Unsupported, FaultCategory.NonRecoverable)]
    [InlineData(HypervisorFault.AccessDenied, FaultCategory.NonRecoverable)]
    [InlineData(HypervisorFault.Conflict, FaultCategory.NonRecoverable)]
    public void A_hypervisors_refusal_has_a_category_and_a_remedy(HypervisorFault refused, FaultCategory category)
    {
        Fault fault = FaultTable.Classify(new HypervisorException(refused, "It failed.", "Do this."), "vm web-1", TimeSpan.MaxValue);

        Assert.Equal((category, "vm web-1", "It failed.", "Do this."), (fault.Category, fault.Object, fault.Message, fault.Remedy));
    }

    [Theory]
    [InlineData(VaultFault.Unavailable, FaultCategory.Recoverable)]
    [InlineData(VaultFault.AccessDenied, FaultCategory.NonRecoverable)]
    [InlineData(VaultFault.NotFound, FaultCategory.NonRecoverable)]
    [InlineData(VaultFault.Conflict, FaultCategory.Recoverable)]
    [InlineData(VaultFault.Damaged, FaultCategory.NonRecoverable)]
    [InlineData(VaultFault.Unsupported, FaultCategory.NonRecoverable)]
    public void A_vaults_refusal_has_a_category_and_names_its_target(VaultFault refused, FaultCategory category)
    {
        Fault fault = FaultTable.Classify(new VaultException(refused, "log/blob", "It failed.", "Do this."));

        Assert.Equal((category, "log/blob", "Do this."), (fault.Category, fault.Object, fault.Remedy));
    }

    [Fact]
    public void A_grant_of_the_last_minute_may_be_refused_for_a_while()
    {
        VaultException refused = new(VaultFault.AccessDenied, "log", "403", "Renew it.");

        Assert.Equal(FaultReasons.GrantNotYetValid, FaultTable.Classify(refused, "", FaultTable.FreshGrant - TimeSpan.FromSeconds(1)).Reason);
        Assert.Equal(FaultReasons.GrantRefused, FaultTable.Classify(refused, "", FaultTable.FreshGrant).Reason);
    }

    [Fact]
    public void An_expired_grant_is_waited_for_and_a_revoked_one_is_not()
    {
        VaultException expired = new(VaultFault.AccessDenied, "log", "403", "Renew it.") { GrantExpired = true };

        Assert.Equal((FaultCategory.Recoverable, FaultReasons.GrantExpired), Pair(FaultTable.Classify(expired)));
        Assert.Equal((FaultCategory.NonRecoverable, FaultReasons.GrantRefused), Pair(FaultTable.Classify(new VaultException(VaultFault.AccessDenied, "log", "403", "Renew it."))));
    }

    [Fact]
    public void A_full_disk_and_missing_memory_are_tried_again_under_their_own_names()
    {
        Assert.Equal((FaultCategory.Recoverable, FaultReasons.NoSpace), Pair(FaultTable.Classify(new IOException("No space left on device", 28))));
        Assert.Equal((FaultCategory.Recoverable, FaultReasons.NoSpace), Pair(FaultTable.Classify(new IOException("There is not enough space", unchecked((int)0x80070070)))));
        Assert.Equal((FaultCategory.Recoverable, FaultReasons.NoMemory), Pair(FaultTable.Classify(new InsufficientMemoryException())));
        Assert.Equal((FaultCategory.Recoverable, FaultReasons.InputOutput), Pair(FaultTable.Classify(new IOException("?"))));
    }

    [Fact]
    public void Lost_tracking_asks_for_a_resynchronization() => Assert.Equal(
        FaultCategory.ResyncRequired, FaultTable.Classify(new ChangeTrackingLostException("Gone.", "Resynchronize.")).Category);

    [Fact]
    public void What_nobody_foresaw_is_tried_again() =>
        Assert.Equal((FaultCategory.Recoverable, FaultReasons.Unexpected), Pair(FaultTable.Classify(new InvalidOperationException("?"))));

    private static (FaultCategory Category, string Reason) Pair(Fault fault) => (fault.Category, fault.Reason);
}
