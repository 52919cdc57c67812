using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class OperationIdTests(PlanAzurite fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_id_that_has_ended_does_nothing_when_it_is_applied_again_also_in_a_rebuilt_cluster()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        await bed.FailOverAsync();
        bed.Restart();
        var (journal, calls) = (await bed.PlanJournalAsync(), bed.Agents.Begun.Count);
        bed.Ask("dr-1");
        for (var visit = 0; visit < 3; visit++)
            await bed.VisitAsync();

        Assert.Equal(calls, bed.Agents.Begun.Count);
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(journal), System.Text.Json.JsonSerializer.Serialize(await bed.PlanJournalAsync()));
        Assert.Equal(PlanPhase.FailedOver, bed.Plan.Status!.Phase);
    }

    [Fact]
    public async Task An_id_with_other_fields_is_refused_and_the_recorded_operation_goes_on()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Ask("dr-1");
        await bed.VisitAsync();
        bed.Ask("dr-1", point: "LatestProcessed");
        await bed.VisitAsync();

        Assert.Equal("OperationIdReused", bed.Plan.Status!.Conditions.Single(c => c.Type == "Stalled").Reason);
        var ended = await bed.EndAsync("dr-1");
        Assert.Equal(("Succeeded", "Latest"), (ended.Operation.State, ended.RecoveryPoint));
    }

    [Fact]
    public async Task A_request_beside_a_running_operation_is_refused_for_ever_and_hinders_nothing()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Ask("dr-1");
        await bed.VisitAsync();
        bed.Ask("commit-1", PlanOperationType.Commit);
        await bed.EndAsync("dr-1");
        for (var visit = 0; visit < 3; visit++)
            await bed.VisitAsync();

        var refused = (await bed.PlanJournalAsync()).Operations.Single(o => o.Operation.Id == "commit-1").Operation;
        Assert.Equal("Refused", refused.State);
        Assert.False((await bed.Machine("web").JournalAsync(Token)).Failover!.Committed);
        Assert.Equal("OperationRefused", bed.Plan.Status!.Conditions.Single(c => c.Type == "Stalled").Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_is_removed_or_reverted_goes_on_and_is_not_repeated(bool revert)
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Ask("old");
        bed.Edit(spec => spec with { Operation = spec.Operation! with { RecoveryPoint = "1999-01-01T00:00:00Z" } });
        await bed.EndAsync("old");
        var old = bed.Plan.Spec.Operation;
        bed.Ask("dr-1");
        await bed.VisitAsync();
        bed.Edit(spec => spec with { Operation = revert ? old : null });

        Assert.Equal("Succeeded", (await bed.EndAsync("dr-1")).Operation.State);
        await bed.VisitAsync();
        Assert.Equal(["old", "dr-1"], (await bed.PlanJournalAsync()).Operations.Select(o => o.Operation.Id));
        Assert.Equal(["web"], bed.Agents.Started);
    }

    [Fact]
    public async Task A_refused_id_never_runs_later_also_when_it_would_be_allowed_by_then()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Ask("commit-1", PlanOperationType.Commit);
        Assert.Equal("Refused", (await bed.EndAsync("commit-1")).Operation.State);
        await bed.FailOverAsync();
        bed.Ask("commit-1", PlanOperationType.Commit);
        for (var visit = 0; visit < 3; visit++)
            await bed.VisitAsync();

        Assert.False((await bed.Machine("web").JournalAsync(Token)).Failover!.Committed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refused_id_stays_spent_when_the_first_machine_moves_to_another_vault(bool rebuilt)
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");
        bed.Ask("commit-1", PlanOperationType.Commit);
        Assert.Equal("Refused", (await bed.EndAsync("commit-1")).Operation.State);
        await bed.VisitAsync();
        Assert.Equal("vault", bed.Plan.Status!.JournalVaultRef!.Name);
        bed.Move("db", $"other-{Guid.NewGuid():N}"[..20]);
        if (rebuilt)
            bed.ForgetStatus();
        else
            bed.Move("web", bed.ProtectedVMs.Items[0].Spec.VaultRef.Name);

        var situation = await bed.VisitAsync();

        Assert.Equal((OperationVerdict.Nothing, "vault"), (situation.Verdict!.Verdict, bed.Plan.Status!.JournalVaultRef!.Name));
        Assert.Single((await bed.PlanJournalAsync()).Operations);
    }

    [Fact]
    public async Task Two_operators_that_see_the_same_new_id_run_it_once()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");
        var other = bed.NewPursuit();
        bed.Ask("dr-1");
        for (var visit = 0; visit < 30 && bed.Agents.Started.Count < 2; visit++)
            await Task.WhenAll(bed.VisitAsync(), other.VisitAsync(bed.Plan, Token));
        await bed.EndAsync("dr-1");

        Assert.Equal(["db", "web"], bed.Agents.Started);
        Assert.Equal(2, bed.Agents.Machines.Count);
        Assert.Empty(bed.Agents.Violations);
        Assert.Single((await bed.PlanJournalAsync()).Operations);
        foreach (var machine in bed.Machines)
            Assert.Equal((2, 1), ((await machine.JournalAsync(Token)).Epoch, (await machine.SealsAsync(1, Token)).Count));
    }

    [Fact]
    public async Task A_vm_that_joins_the_plan_while_an_operation_runs_is_left_alone()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Ask("dr-1");
        await bed.VisitAsync();
        await bed.ProtectAsync("late");
        bed.Edit(spec => spec with { Groups = [new PlanGroup { Name = "all", Vms = [new() { Name = "late" }, new() { Name = "web" }] }] });
        await bed.EndAsync("dr-1");

        Assert.Equal(["web"], bed.Agents.Started);
        Assert.Equal(1, (await bed.Machine("late").JournalAsync(Token)).Epoch);
    }

    [Theory]
    [InlineData("2001-01-01T00:00:00Z", "web has no recovery point that fits")]
    [InlineData("latest", "is no recovery point")]
    [InlineData("12:00", "is no recovery point")]
    public async Task A_point_that_cannot_be_had_is_refused_before_anything_is_fenced(string point, string why)
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var ended = await bed.FailOverAsync(point: point);

        Assert.Equal("Refused", ended.Operation.State);
        Assert.Contains(why, bed.Plan.Status!.CurrentOperation!.Message!, StringComparison.Ordinal);
        Assert.Equal(1, (await bed.Machine("web").JournalAsync(Token)).Epoch);
        Assert.Equal("Succeeded", (await bed.FailOverAsync("dr-2")).Operation.State);
    }
}
