using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class FailoverOrderTests(PlanAzurite fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Machines_are_created_side_by_side_and_started_group_by_group()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "app web");
        bed.Agents.Hold = request => request.StartMachine is not null && bed.Agents.Machines.Values.Any(m => m.Id == request.StartMachine.MachineId && m.Made.Name == "db");
        bed.Ask("dr-1");
        for (var visit = 0; visit < 12; visit++)
            await bed.VisitAsync();

        Assert.Equal(3, bed.Agents.Machines.Count);
        Assert.Empty(bed.Agents.Started);
        Assert.Single(bed.Agents.Begun, id => id.Contains("/start", StringComparison.Ordinal));
        bed.Agents.Hold = _ => false;
        await bed.EndAsync("dr-1");
        Assert.Equal("db", bed.Agents.Started[0]);
        Assert.Equal(["app", "web"], bed.Agents.Started.Skip(1).Order());
    }

    [Fact]
    public async Task A_target_without_room_keeps_the_source_unfenced_names_host_cause_and_remedy_and_is_asked_every_thirty_seconds()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db web");
        bed.Agents.CheckFault = replica => replica.Name == "web" ? new Fault { Object = "pool", Message = "There is no room.", Remedy = "Free 1 GiB." } : null;
        bed.Agents.Hold = request => request.CreateReplica is not null;
        bed.Ask("dr-1");
        var begin = bed.Time.GetUtcNow();
        for (var visit = 0; visit < 50; visit++)
            await bed.VisitAsync();

        var web = await bed.Machine("web").JournalAsync(Token);
        var stalled = bed.Plan.Status!.Conditions.Single(c => c.Type == "Stalled");
        var checks = bed.Agents.Begun.Count(id => id.Contains("/web/check", StringComparison.Ordinal));
        Assert.Equal((1, null), (web.Epoch, web.Failover));
        Assert.Equal("True", stalled.Status);
        foreach (var word in new[] { "host-b", "There is no room.", "Free 1 GiB.", "not fenced" })
            Assert.Contains(word, stalled.Message, StringComparison.Ordinal);
        Assert.InRange(checks, 1, 2 + ((int)(bed.Time.GetUtcNow() - begin).TotalSeconds / 30));
        Assert.True(await bed.Machine("web").CommitAsync(Token), "The source of web can not commit any more.");

        bed.Agents.CheckFault = _ => null;
        bed.Agents.Hold = _ => false;
        Assert.Equal("Succeeded", (await bed.EndAsync("dr-1")).Operation.State);
    }

    [Fact]
    public async Task A_plan_that_is_only_blocked_is_looked_at_after_thirty_seconds()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Hosts.Items.Clear();
        bed.Hosts.Items.Add(bed.Host("host-b", connected: false));
        bed.Ask("dr-1");
        await bed.VisitAsync();
        var situation = await bed.VisitAsync();

        Assert.Equal(TimeSpan.FromSeconds(30), situation.LookAgainAfter);
        Assert.Contains("host-b", situation.Blocked!, StringComparison.Ordinal);
        bed.Hosts.Items[0] = bed.Host("host-b");
        Assert.Equal("Succeeded", (await bed.EndAsync("dr-1")).Operation.State);
    }

    [Fact]
    public async Task A_creation_that_failed_is_tried_again_and_failures_before_a_restart_are_passed_over_at_once()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Agents.WorkFault = request => request.CreateReplica is null ? null : new Fault { Object = "pool", Message = "It is full.", Remedy = "Free room." };
        bed.Ask("dr-1");
        for (var visit = 0; visit < 20; visit++)
            await bed.VisitAsync();
        var tried = bed.Agents.Begun.Count(id => id.Contains("/create", StringComparison.Ordinal));
        bed.Agents.WorkFault = _ => null;
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        bed.Restart();
        var visits = 0;
        while (bed.Agents.Started.Count == 0 && visits < 20)
        {
            await bed.VisitAsync();
            visits++;
        }

        Assert.InRange(tried, 2, 20);
        Assert.InRange(visits, 1, 5);
        Assert.Equal("Succeeded", (await bed.EndAsync("dr-1")).Operation.State);
    }

    [Fact]
    public async Task A_vault_or_an_agent_that_goes_away_on_the_way_blocks_and_then_it_goes_on()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Ask("dr-1");
        await bed.VisitAsync();
        await bed.VisitAsync();
        bed.Faults.VaultAway = true;
        var away = await bed.VisitAsync();
        Assert.Equal((PlanPhase.Unknown, TimeSpan.FromSeconds(30)), (bed.Plan.Status!.Phase, away.LookAgainAfter));
        Assert.Equal("True", bed.Plan.Status.Conditions.Single(c => c.Type == "Stalled").Status);

        bed.Faults.VaultAway = false;
        bed.Agents.Away = true;
        await bed.VisitAsync();
        Assert.Contains("cannot be reached", bed.Plan.Status.CurrentOperation!.Message!, StringComparison.Ordinal);
        bed.Agents.Away = false;
        Assert.Equal("Succeeded", (await bed.EndAsync("dr-1")).Operation.State);
    }

    [Fact]
    public async Task A_time_takes_the_newest_point_at_or_before_it()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var first = (await bed.Machine("web").Vault.ListPointsAsync(Token))[0];
        await bed.FailOverAsync(point: first.Instant.AddSeconds(9).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffK", System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal(1, (await bed.Machine("web").JournalAsync(Token)).Failover!.Point!.Sequence);
    }

    [Fact]
    public async Task Two_plans_that_hold_the_same_vm_recover_it_once_and_the_slower_one_ends_failed()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var slower = new RecoveryPlan
        {
            Metadata = new() { Name = "other", NamespaceProperty = bed.Plan.Metadata.NamespaceProperty },
            Spec = bed.Plan.Spec with { Operation = new PlanOperation { Id = "dr-1", Type = PlanOperationType.UnplannedFailover, RecoveryPoint = "LatestProcessed" } },
        };
        var pursuit = bed.NewPursuit();
        await pursuit.VisitAsync(slower, Token);
        await bed.FailOverAsync();
        var situation = await pursuit.VisitAsync(slower, Token);

        var ended = Assert.Single(situation.Journal!.Operations);
        Assert.Equal("Failed", ended.Operation.State);
        Assert.Equal(["web"], bed.Agents.Started);
        Assert.Empty(bed.Agents.Violations);
    }
}
