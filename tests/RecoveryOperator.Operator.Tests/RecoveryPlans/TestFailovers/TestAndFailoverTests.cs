using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.Jobs.Plans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.TestFailovers;

public sealed class TestAndFailoverTests(PlanAzurite fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_worst_day_does_not_wait_for_a_test_that_runs()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");
        bed.Agents.Hold = request => request.KindCase == StartHostOperationRequest.KindOneofCase.CheckGuest; // The test does not come to its end.
        bed.Ask("drill-1", PlanOperationType.TestFailover);
        for (var visit = 0; visit < 5; visit++)
            await bed.VisitAsync();
        Assert.Contains(PlanOperationType.UnplannedFailover, bed.Plan.Status!.AllowedOperations);

        var failover = await bed.FailOverAsync();

        Assert.Equal("Succeeded", failover.Operation.State);
        Assert.Equal("Failed", (await bed.PlanJournalAsync()).Operations.Single(o => o.Operation.Id == "drill-1").Operation.State);
        Assert.Empty(bed.Agents.Violations);
        foreach (var machine in bed.Machines)
        {
            var journal = await machine.JournalAsync(Token);
            Assert.Equal(2, journal.Epoch);
            Assert.DoesNotContain(bed.Agents.Tests, t => t.Id == journal.Failover!.MachineId);
            Assert.False(await machine.CommitAsync(Token), "The source must be fenced.");
        }

        bed.Agents.Hold = _ => false;
        var cleanup = await bed.CleanUpAsync();

        Assert.Equal("Succeeded", cleanup.Operation.State);
        Assert.Empty(bed.Agents.Tests);
        Assert.Equal(2, bed.Agents.Machines.Count);
        Assert.All(bed.Machines, machine => Assert.Equal(["recover-epoch-2"], TestScene.Grants(machine)));
    }

    [Fact]
    public async Task A_second_test_waits_for_the_cleanup_of_the_first_and_is_refused()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        await bed.TestAsync();

        Assert.Equal("Refused", (await bed.TestAsync("drill-2")).Operation.State);
        await bed.CleanUpAsync();
        Assert.Equal("Succeeded", (await bed.TestAsync("drill-3")).Operation.State);
        Assert.Equal("Refused", (await bed.TestAsync("drill-4")).Operation.State);
    }

    [Fact]
    public async Task Two_plans_test_one_machine_side_by_side_under_one_id_and_each_cleans_up_its_own()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        await bed.TestAsync();
        var shop = bed.Plan;
        bed.Rename("other");
        await bed.TestAsync();
        Assert.Equal(2, bed.Agents.Tests.Select(t => t.Made.Name).Distinct().Count());

        await bed.CleanUpAsync();

        Assert.Equal("shop", Assert.Single((await bed.Machine("db").JournalAsync(Token)).Tests).Plan);
        Assert.Single(bed.Agents.Tests);
        Assert.Single(TestScene.Grants(bed.Machine("db")));
        bed.Rename(shop.Metadata.Name);
        await bed.CleanUpAsync();
        Assert.Empty(bed.Agents.Tests);
    }

    [Fact]
    public async Task A_canceled_test_removes_what_it_made_and_leaves_nothing_to_clean_up()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");
        bed.Agents.Hold = request => request.KindCase == StartHostOperationRequest.KindOneofCase.CheckGuest;
        bed.Ask("drill-1", PlanOperationType.TestFailover);
        for (var visit = 0; visit < 5; visit++)
            await bed.VisitAsync();
        Assert.NotEmpty(bed.Agents.Tests);
        bed.Wish = _ => new("cancel-1", null);
        await bed.VisitAsync();
        bed.Wish = _ => PlanWish.None; // The job is gone: the cancel holds.

        var ended = await bed.EndAsync("drill-1");

        Assert.Equal(("Canceled", "cancel-1"), (ended.Operation.State, ended.CanceledBy));
        Assert.Empty(bed.Agents.Tests);
        Assert.All(bed.Machines, machine => Assert.Empty(TestScene.Grants(machine)));
        Assert.Contains(PlanOperationType.TestFailover, bed.Plan.Status!.AllowedOperations);
        Assert.DoesNotContain(PlanOperationType.CleanupTestFailover, bed.Plan.Status.AllowedOperations);
    }

    [Fact]
    public async Task A_cleanup_does_not_need_a_machine_that_somebody_deleted_and_a_host_that_is_gone_is_no_success()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db web");
        await bed.TestAsync();
        bed.Agents.Machines.Clear();
        Assert.Equal("Succeeded", (await bed.CleanUpAsync()).Operation.State);

        await bed.TestAsync("drill-2");
        bed.Hosts.Items.Clear();
        var cleanup = await bed.CleanUpAsync("clean-2");

        Assert.Equal("Failed", cleanup.Operation.State);
        Assert.Contains("may be left there", bed.Plan.Status!.CurrentOperation!.Message, StringComparison.Ordinal);
        Assert.Equal("drill-1", bed.Plan.Status.LastSuccessfulTest?.Id);
        Assert.All(bed.Machines, machine => Assert.Empty(TestScene.Grants(machine)));
        Assert.Equal("Succeeded", (await bed.CleanUpAsync("clean-3")).Operation.State); // Who read that asks again.
    }

    [Fact]
    public async Task A_cleanup_in_a_cluster_that_is_rebuilt_waits_for_its_hosts_and_machines()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        await bed.TestAsync();
        var (hosts, machines) = (bed.Hosts.Items.ToList(), bed.ProtectedVMs.Items.ToList());
        bed.Ask("clean-1", PlanOperationType.CleanupTestFailover);
        bed.Agents.Away = true;
        await bed.VisitAsync(); // It is accepted.
        bed.Agents.Away = false;
        bed.Hosts.Items.Clear();
        bed.ProtectedVMs.Items.Clear();
        await bed.VisitAsync();
        bed.ProtectedVMs.Items.AddRange(machines);
        await bed.VisitAsync();
        Assert.Single(bed.Agents.Tests);
        bed.Hosts.Items.AddRange(hosts);

        Assert.Equal("Succeeded", (await bed.EndAsync("clean-1")).Operation.State);
        Assert.Empty(bed.Agents.Tests);
    }

    /// <summary>Joined by hyphens the two would be one.</summary>
    [Fact]
    public async Task A_plan_whose_name_and_id_run_together_to_those_of_another_has_a_grant_of_its_own()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        bed.Rename("erp");
        await bed.TestAsync("web-1");
        bed.Rename("erp-web");
        await bed.TestAsync("1");
        Assert.Equal(2, TestScene.Grants(bed.Machine("db")).Count);

        await bed.CleanUpAsync();

        Assert.Single(TestScene.Grants(bed.Machine("db")));
    }

    [Fact]
    public async Task Tests_that_were_accepted_while_the_target_was_away_are_no_more_than_there_is_room_for()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        bed.Agents.Away = true;
        string[] plans = ["plan-a", "plan-b", "plan-c", "plan-d"];
        foreach (var plan in plans)
        {
            bed.Rename(plan);
            bed.Ask("drill", PlanOperationType.TestFailover);
            await bed.VisitAsync();
        }

        bed.Agents.Away = false;
        foreach (var plan in plans)
        {
            bed.Rename(plan);
            bed.Ask("drill", PlanOperationType.TestFailover);
            for (var visit = 0; visit < 20; visit++)
                await bed.VisitAsync();
        }

        Assert.Equal(3, TestScene.Grants(bed.Machine("db")).Count);
        Assert.Contains("of plan plan-a", bed.Plan.Status!.CurrentOperation!.Message, StringComparison.Ordinal);
        bed.Rename("plan-a");
        await bed.CleanUpAsync();
        bed.Rename("plan-d");
        bed.Ask("drill", PlanOperationType.TestFailover);
        Assert.Equal("Succeeded", (await bed.EndAsync("drill")).Operation.State);
    }

    [Fact]
    public async Task A_host_that_is_away_holds_the_cleanup_up_and_is_named()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        await bed.TestAsync();
        bed.Agents.Away = true;
        bed.Ask("clean-1", PlanOperationType.CleanupTestFailover);
        for (var visit = 0; visit < 3; visit++)
            await bed.VisitAsync();
        Assert.Contains("host-b", bed.Plan.Status!.CurrentOperation!.Message, StringComparison.Ordinal);
        Assert.Single((await bed.Machine("db").JournalAsync(Token)).Tests);

        bed.Agents.Away = false;
        Assert.Equal("Succeeded", (await bed.EndAsync("clean-1")).Operation.State);
    }

    [Fact]
    public async Task A_machine_that_left_the_plan_is_cleaned_up_too()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");
        await bed.TestAsync();
        bed.Edit(spec => spec with { Groups = [spec.Groups[0]] });

        await bed.CleanUpAsync();

        Assert.Empty(bed.Agents.Tests);
        Assert.Empty((await bed.Machine("web").JournalAsync(Token)).Tests);
    }

    [Fact]
    public async Task The_grant_of_a_test_lives_longer_than_a_week_and_the_hosts_is_not_touched()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        await bed.TestAsync();
        for (var day = 0; day < 9; day++)
        {
            bed.Time.Advance(TimeSpan.FromDays(1));
            await bed.VisitAsync();
        }

        var policy = Assert.Single(bed.Machine("db").Vault.Replica.GetAccessPolicy(cancellationToken: Token).Value.SignedIdentifiers);
        Assert.True(policy.AccessPolicy.PolicyExpiresOn > bed.Time.GetUtcNow().AddDays(5));
        await TestScene.IsUntouchedAsync(bed.Machine("db"), Token);
    }
}
