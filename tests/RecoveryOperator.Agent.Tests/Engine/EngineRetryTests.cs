using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>What is tried again by itself, and what hurries it.</summary>
public sealed class EngineRetryTests : EngineScene
{
    [Fact]
    public async Task A_recoverable_fault_is_tried_again_on_the_schedule_and_a_new_grant_hurries_it()
    {
        Bench.Vault.Outage = new VaultException(VaultFault.Unavailable, "log", "The vault is away.", "Wait.");
        await PassTimeUntilAsync(() => Status.Fault is not null);
        Assert.Equal(FaultReasons.VaultUnavailable, Status.Fault.Reason);
        Assert.NotNull(Status.RetryAt);

        Bench.Vault.Outage = null;
        await PutAsync(desired => desired.LogContainerUri += "2");

        await Eventually.HoldsAsync(() => Status.Fault is null && Status.CommittedSequence >= 2, Token);
    }

    [Fact]
    public async Task An_expired_grant_that_is_renewed_in_the_vault_alone_is_noticed()
    {
        Bench.Vault.Outage = new VaultException(VaultFault.AccessDenied, "log", "The grant is refused.", "Renew it.");
        await PassTimeUntilAsync(() => Status.Fault?.Reason == FaultReasons.GrantRefused);
        Assert.Equal(FaultCategory.NonRecoverable, Status.Fault.Category);

        Bench.Vault.Outage = null;

        await PassTimeUntilAsync(() => Status.Fault is null && Status.CommittedSequence >= 2);
    }

    [Fact]
    public async Task A_retry_token_tries_at_once_what_has_no_timer()
    {
        Bench.Vault.Outage = new VaultException(VaultFault.NotFound, "log", "There is no container.", "Restore it.");
        await PassTimeUntilAsync(() => Status.Fault?.Reason == FaultReasons.VaultNotFound);
        Assert.Null(Status.RetryAt);
        Bench.Vault.Outage = null;

        // The clock stands still from here on.
        await PutAsync(desired => desired.RetryToken = "now");

        await Eventually.HoldsAsync(() => Status.Fault is null && Status.CommittedSequence >= 2, Token);
    }
}
