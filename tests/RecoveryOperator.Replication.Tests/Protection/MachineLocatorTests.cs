using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Replication.Tests.Protection;

public class MachineLocatorTests
{
    private static readonly HostMachines A = new("a", [new("id-1", "web"), new("id-2", "db")]);
    private static readonly HostMachines B = new("b", [new("id-3", "web")]);
    private static readonly HostMachines Silent = new("c", null);

    [Theory]
    [InlineData("db", null, MachineOutcome.Found)]
    [InlineData(null, "ID-3", MachineOutcome.Found)]
    [InlineData("web", null, MachineOutcome.Ambiguous)]
    [InlineData("mail", null, MachineOutcome.NotFound)]
    public void A_machine_is_searched_by_name_or_id_on_all_hosts(string? name, string? id, MachineOutcome outcome) =>
        Assert.Equal(outcome, MachineLocator.Locate("site", name, id, [A, B]).Outcome);

    [Fact]
    public void While_a_host_is_silent_nobody_says_that_a_machine_does_not_exist()
    {
        var found = MachineLocator.Locate("site", "mail", null, [A, Silent]);

        Assert.Equal(MachineOutcome.Unknown, found.Outcome);
        Assert.Contains("c", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_on_an_answering_host_is_found_although_another_is_silent() =>
        Assert.Equal(("a", "id-2"), (MachineLocator.Locate("site", "db", null, [A, Silent]).Host, MachineLocator.Locate("site", "db", null, [A, Silent]).MachineId));

    [Fact]
    public void A_site_without_hosts_has_no_machines() => Assert.Equal("NoHosts", MachineLocator.Locate("site", "db", null, []).Reason);
}
