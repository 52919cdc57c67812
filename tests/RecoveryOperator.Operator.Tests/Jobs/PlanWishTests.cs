using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.Jobs;

/// <summary>What people ask for through a plan's job, where it is asked for, cannot be known, or there are no jobs.</summary>
public sealed class PlanWishTests(Cluster cluster, PlanAzurite fixture) : CancelScene(cluster, fixture)
{
    [Fact]
    public async Task A_retry_tries_at_once_what_waits_for_its_next_try()
    {
        var (bed, jobs) = await BlockedAsync(new Faults(), "db");
        var checks = bed.Agents.Begun.Count;
        bed.Agents.CheckFault = _ => null;
        await bed.Pursuit.VisitAsync(bed.Plan, Token);
        Assert.Equal(checks, bed.Agents.Begun.Count);

        await jobs.PatchAsync((await jobs.ListAsync())[0].Metadata.Name, """{"metadata":{"annotations":{"recoveryoperator.io/retry":"1"}}}""");
        await bed.Pursuit.VisitAsync(bed.Plan, Token);

        Assert.Equal(checks + 1, bed.Agents.Begun.Count);
    }

    /// <summary>An API server that has just started may refuse for a moment what it grants.</summary>
    [Fact]
    public async Task Nothing_is_fenced_while_it_is_not_known_whether_somebody_asked_for_a_cancel()
    {
        var (bed, jobs) = await BlockedAsync(new Faults(), "db", "web");
        await jobs.PatchAsync((await jobs.ListAsync())[0].Metadata.Name, Cancel);
        bed.Agents.CheckFault = _ => null;
        (jobs.IsListed, jobs.ReadsFail) = (false, true);
        bed.Restart();
        for (var visit = 0; visit < 4; visit++)
            await bed.VisitWithoutWaitingAsync();
        await NothingHappenedAsync(bed);
        Assert.Contains(bed.Plan.Status!.Conditions, c => c is { Type: "Stalled", Status: "True" } && c.Message.Contains("recoveryjobs", StringComparison.Ordinal));

        jobs.ReadsFail = false;
        Assert.Equal("Canceled", (await bed.EndAsync("dr-1")).Operation.State);

        await NothingHappenedAsync(bed);
    }

    [Fact]
    public async Task Where_there_are_no_jobs_an_operation_goes_on_and_is_not_looked_at_for_their_sake()
    {
        var bed = await PlanBed.StartAsync(Fixture.Azurite, new Faults(), "db");
        var jobs = await JobBed.AttachAsync(Cluster, bed);
        jobs.IsListed = false;

        Assert.Equal("Succeeded", (await bed.FailOverAsync("dr-1")).Operation.State);

        var situation = await bed.Pursuit.VisitAsync(bed.Plan, Token);
        Assert.True(await jobs.Jobs.ShowAsync(situation, Token));
        Assert.Equal(0, jobs.Creations);
        jobs.IsListed = true;
        Assert.True(await jobs.Jobs.ShowAsync(situation, Token));
        Assert.Equal(RecoveryJobState.Succeeded, Assert.Single(await jobs.ListAsync()).Status!.State);
    }
}
