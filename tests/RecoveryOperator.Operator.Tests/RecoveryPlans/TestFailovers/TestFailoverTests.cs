using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.TestFailovers;

public sealed class TestFailoverTests(PlanAzurite fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_test_starts_copies_in_order_and_leaves_replication_alone()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");

        var test = await bed.TestAsync();

        Assert.Equal("Succeeded", test.Operation.State);
        Assert.Equal(2, bed.Agents.Tests.Count);
        Assert.Collection(
            bed.Agents.Started,
            first => Assert.Matches("^db-test-drill-1-[0-9a-f]{6}$", first),
            second => Assert.Matches("^web-test-drill-1-[0-9a-f]{6}$", second));
        Assert.Empty(bed.Agents.Violations);
        foreach (var machine in bed.Machines)
        {
            await TestScene.IsUntouchedAsync(machine, Token);
            Assert.True(await machine.CommitAsync(Token), "The source must go on shipping.");
        }

        Assert.All(test.Steps, step => Assert.Equal((1, 2), PointOf(step)));
        Assert.Contains("guest not checked", bed.Plan.Status!.CurrentOperation!.Message, StringComparison.Ordinal);
        Assert.Contains("is not connected to any network", bed.Plan.Status.CurrentOperation.Message, StringComparison.Ordinal);
        Assert.Equal(("drill-1", PlanOperationState.Succeeded), (bed.Plan.Status.Test!.Id, bed.Plan.Status.Test.State));
        Assert.Null(bed.Plan.Status.LastSuccessfulTest);
    }

    [Fact]
    public async Task Its_cleanup_removes_machines_grants_and_records_and_makes_it_a_success()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db web");
        await bed.TestAsync();
        Assert.All(bed.Machines, machine => Assert.NotEmpty(TestScene.Grants(machine)));

        var cleanup = await bed.CleanUpAsync(notes: "The shop answered.");

        Assert.Equal("Succeeded", cleanup.Operation.State);
        Assert.Equal("The shop answered.", cleanup.Notes);
        Assert.Contains("Notes: The shop answered.", bed.Plan.Status!.CurrentOperation!.Message, StringComparison.Ordinal);
        Assert.Empty(bed.Agents.Tests);
        foreach (var machine in bed.Machines)
        {
            Assert.Empty((await machine.JournalAsync(Token)).Tests);
            Assert.Empty(TestScene.Grants(machine));
            await TestScene.IsUntouchedAsync(machine, Token);
        }

        Assert.Null(bed.Plan.Status.Test);
        Assert.Equal("drill-1", bed.Plan.Status.LastSuccessfulTest!.Id);
        Assert.Equal(cleanup.Operation.FinishedAt!.Value, bed.Plan.Status.LastSuccessfulTest.FinishedAt!.Value, TimeSpan.FromSeconds(1));
        Assert.Equal(PlanPhase.Ready, bed.Plan.Status.Phase);
    }

    [Fact]
    public async Task Latest_waits_for_what_was_shipped_when_it_began_and_for_nothing_that_came_later()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var machine = bed.Machine("db");
        await machine.CommitAsync(Token); // Set 3, not applied yet.
        machine.Applier.IdleCalls = 3;
        bed.Ask("drill-1", PlanOperationType.TestFailover);
        for (var visit = 0; visit < 3; visit++)
        {
            await bed.VisitAsync();
            Assert.Empty(bed.Agents.Tests);
        }

        await machine.CommitAsync(Token); // Set 4, behind what the test waits for.
        machine.Applier.Until = 3;
        var test = await bed.EndAsync("drill-1");

        Assert.Equal((1, 3), PointOf(test.Steps[0]));
    }

    [Theory]
    [InlineData("LatestProcessed", 2)]
    [InlineData("LatestAppConsistent", 1)]
    public async Task Other_points_are_chosen_from_what_is_listed(string point, long sequence)
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        await bed.Machine("db").CommitAsync(Token);
        bed.Machine("db").Applier.Until = 2;

        var test = await bed.TestAsync(point: point);

        Assert.Equal((1, sequence), PointOf(test.Steps[0]));
    }

    [Fact]
    public async Task A_time_takes_the_newest_point_before_it_and_a_time_before_all_is_refused()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var first = (await bed.Machine("db").Vault.ListPointsAsync(Token))[0];

        bed.Ask("early", PlanOperationType.TestFailover, "2001-01-01T00:00:00Z");
        Assert.Equal("Refused", (await bed.EndAsync("early")).Operation.State);
        var test = await bed.TestAsync(point: $"{first.Instant.AddSeconds(1):yyyy-MM-ddTHH:mm:ssZ}");

        Assert.Equal((1, first.Sequence), PointOf(test.Steps[0]));
    }

    [Fact]
    public async Task The_result_tells_point_RPO_RTO_and_what_the_boot_check_saw()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        bed.Agents.GuestOf = machine => new GuestCheck { State = MachineState.Running, Agent = GuestAnswer.Answers };
        bed.Ask("drill-1", PlanOperationType.TestFailover);

        var test = await bed.EndAsync("drill-1");

        var result = test.Steps[0].Result!.Value;
        Assert.Equal("host-b", result.GetProperty("host").GetString());
        Assert.Equal(10, result.GetProperty("rpoSeconds").GetDouble(), 0.5);
        Assert.True(result.GetProperty("rtoSeconds").GetDouble() >= 0);
        Assert.Equal("it runs and its guest agent answers", result.GetProperty("boot").GetString());
        Assert.Equal(10, bed.Plan.Status!.History[0].RpoSeconds);
    }

    [Fact]
    public async Task A_silent_guest_agent_is_waited_for_within_a_bound_and_named()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        bed.Agents.GuestOf = _ => new GuestCheck { State = MachineState.Running, Agent = GuestAnswer.Silent };

        var test = await bed.TestAsync(visits: 200);

        Assert.Equal("Succeeded", test.Operation.State);
        Assert.Contains("did not answer within 120 s", test.Steps[0].Result!.Value.GetProperty("boot").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_does_not_run_after_its_start_fails_the_test_and_can_be_cleaned_up()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        bed.Agents.GuestOf = _ => new GuestCheck { State = MachineState.Off };

        var test = await bed.TestAsync(visits: 200);
        Assert.Equal("Failed", test.Operation.State);
        Assert.Contains("does not run", bed.Plan.Status!.CurrentOperation!.Message, StringComparison.Ordinal);
        await bed.CleanUpAsync();

        Assert.Empty(bed.Agents.Tests);
        Assert.Null(bed.Plan.Status.LastSuccessfulTest);
    }

    private static (long, long) PointOf(Vault.Control.PlanStepRecord step)
    {
        var point = step.Result!.Value.GetProperty("point");
        return (point.GetProperty("epoch").GetInt64(), point.GetProperty("sequence").GetInt64());
    }
}
