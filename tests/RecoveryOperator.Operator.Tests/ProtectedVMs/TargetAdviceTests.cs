using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.ProtectedVMs;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

/// <summary>Where a machine could be recovered, told before it is needed.</summary>
public class TargetAdviceTests
{
    private static readonly TargetHost A = new("host-a", true, true);
    private static readonly TargetHost B = new("host-b", true, true);

    [Theory]
    [InlineData("site", null, true, "Usable")]
    [InlineData("site", "host-b", true, "Usable")]
    [InlineData("site", "host-a", true, "TargetIsSource")]
    [InlineData("site", null, false, "TargetIsSource")]
    [InlineData("other", null, false, "Usable")]
    [InlineData("other", "host-a", false, "Usable")]
    [InlineData("other", "host-c", true, "TargetHostNotFound")]
    public void The_host_that_the_machine_runs_on_is_no_target(string site, string? host, bool second, string reason) =>
        Assert.Equal(reason, Decide(site, host, second ? [A, B] : [A], "host-a"));

    [Fact]
    public void With_two_hosts_one_of_them_is_another_one_also_while_nobody_knows_where_the_machine_is() =>
        Assert.Equal("Usable", Decide("site", null, [A, B], null));

    [Fact]
    public void A_silent_host_is_not_known_to_be_of_use_and_one_without_the_capability_is_none()
    {
        Assert.Equal("TargetSilent", Decide("other", null, [A with { Connected = false }], null));
        Assert.Equal("TargetCannotRun", Decide("other", null, [A with { RunsReplicas = false }], null));
    }

    private static string Decide(string site, string? host, IReadOnlyList<TargetHost> hosts, string? sourceHost) => TargetAdvice.Decide(
        new()
        {
            SiteRef = new() { Name = "site" },
            Vm = new() { Name = "web" },
            PolicyRef = new() { Name = "policy" },
            VaultRef = new() { Name = "vault" },
            Target = new RecoveryTargetSpec { SiteRef = new() { Name = site }, HostRef = host is null ? null : new() { Name = host } },
        },
        new(new("ns", site), true, null, hosts, sourceHost)).Reason;
}
