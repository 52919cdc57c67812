using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.Jobs;

public sealed class PlanCancelTests(Cluster cluster, PlanAzurite fixture, ITestOutputHelper output) : CancelScene(cluster, fixture)
{
    [Fact]
    public async Task A_failover_that_has_fenced_nothing_is_canceled_and_all_machines_run_on()
    {
        var (bed, jobs) = await BlockedAsync(new Faults(), "db", "web");
        var job = Assert.Single(await jobs.ListAsync());
        Assert.Equal("True", Cancelable(job).Status);

        await jobs.PatchAsync(job.Metadata.Name, Cancel);
        var ended = await bed.EndAsync("dr-1");

        var status = Assert.Single(await jobs.ListAsync()).Status!;
        Assert.Equal(("Canceled", RecoveryJobState.Canceled, "False"), (ended.Operation.State, status.State, status.Conditions.Single(c => c.Type == "Stalled").Status));
        Assert.All(status.Steps, s => Assert.Equal(JobStepState.Skipped, s.State));
        Assert.Equal(["JobRunning", "OperationBlocked", "JobCanceling", "JobCanceled"], jobs.Events);
        await bed.VisitAsync();
        Assert.Equal((PlanOperationState.Canceled, PlanPhase.Ready), (bed.Plan.Status!.CurrentOperation!.State, bed.Plan.Status.Phase));
        await NothingHappenedAsync(bed);

        // The target is fine again: the canceled operation stays ended, another id recovers.
        bed.Agents.CheckFault = _ => null;
        await bed.VisitAsync();
        await NothingHappenedAsync(bed);
        Assert.Equal("Succeeded", (await bed.FailOverAsync("dr-2")).Operation.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_operator_killed_at_any_write_of_a_cancel_cancels_in_the_end_and_fences_nothing(bool after)
    {
        var call = 0;
        for (; ; call++)
        {
            var (bed, jobs) = await BlockedAsync(new Faults(), "db", "web");
            await jobs.PatchAsync((await jobs.ListAsync())[0].Metadata.Name, Cancel);
            bed.Agents.CheckFault = _ => null;
            var killed = Kill(bed, call, after);

            var ended = await bed.EndAsync("dr-1");
            await bed.VisitAsync();

            Assert.True(ended.Operation.State == "Canceled", $"call {call}: {ended}");
            Assert.Equal(RecoveryJobState.Canceled, Assert.Single(await jobs.ListAsync()).Status!.State);
            await NothingHappenedAsync(bed);
            if (!killed())
                break;
        }

        output.WriteLine($"Killed {(after ? "after" : "before")} each of {call} calls.");
        Assert.True(call >= 5, $"Only {call} calls were seen: the test looks at nothing.");
    }

    /// <summary>A job that went to and fro would wake its plan with each write.</summary>
    [Fact]
    public async Task A_cancel_that_cannot_be_written_waits_and_says_why_without_writing_its_job_again()
    {
        var faults = new Faults();
        var (bed, jobs) = await BlockedAsync(faults, "db", "web");
        await jobs.PatchAsync((await jobs.ListAsync())[0].Metadata.Name, Cancel);
        bed.Agents.CheckFault = _ => null;
        faults.VaultReadOnly = true;
        for (var visit = 0; visit < 3; visit++)
            await bed.VisitWithoutWaitingAsync();
        var before = Assert.Single(await jobs.ListAsync());
        for (var visit = 0; visit < 5; visit++)
            await bed.VisitWithoutWaitingAsync();
        var after = Assert.Single(await jobs.ListAsync());

        Assert.Equal((RecoveryJobState.Canceling, "True"), (after.Status!.State, after.Status.Conditions.Single(c => c.Type == "Stalled").Status));
        Assert.Contains("AuthorizationFailure", after.Status.Message, StringComparison.Ordinal);
        Assert.Equal([("Ready", "Canceling"), ("Reconciling", "Canceling"), ("Stalled", "CancelWaits")], bed.Plan.Status!.Conditions.Select(c => (c.Type, c.Reason)));
        Assert.Equal(before.Metadata.ResourceVersion, after.Metadata.ResourceVersion);
        faults.VaultReadOnly = false;
        Assert.Equal("Canceled", (await bed.EndAsync("dr-1")).Operation.State);
        await NothingHappenedAsync(bed);
    }

    /// <summary>Neither cancel nor operation may overtake the other, so both wait; whom they wait for is said in plan and job.</summary>
    [Fact]
    public async Task A_cancel_that_waits_for_one_machine_names_it_in_plan_and_job()
    {
        var (bed, jobs) = await BlockedAsync(new Faults(), "db", "web");
        await jobs.PatchAsync((await jobs.ListAsync())[0].Metadata.Name, Cancel);
        bed.Agents.CheckFault = _ => null;
        var web = bed.ProtectedVMs.Items.Single(vm => vm.Metadata.Name == "web");
        bed.ProtectedVMs.Items.Remove(web);
        await bed.VisitWithoutWaitingAsync();

        var ofJob = Assert.Single(await jobs.ListAsync()).Status!.Conditions.Single(c => c.Type == "Stalled");
        var ofPlan = bed.Plan.Status!.Conditions.Single(c => c.Type == "Stalled");
        Assert.Equal([("True", "CancelWaits"), ("True", "CancelWaits")], new[] { ofJob, ofPlan }.Select(c => (c.Status, c.Reason)));
        Assert.All([ofJob, ofPlan], c => Assert.Contains($"ProtectedVM {bed.Plan.Metadata.NamespaceProperty}/web does not exist", c.Message, StringComparison.Ordinal));
        await NothingHappenedAsync(bed);

        bed.ProtectedVMs.Items.Add(web);
        Assert.Equal("Canceled", (await bed.EndAsync("dr-1")).Operation.State);
    }

    /// <summary>A cancel that was begun and whose job somebody deleted is finished: half of it would leave machines out.</summary>
    [Fact]
    public async Task A_cancel_that_was_begun_is_finished_although_its_job_is_deleted()
    {
        var (bed, jobs) = await BlockedAsync(new Faults(), "db", "web");
        var name = (await jobs.ListAsync())[0].Metadata.Name;
        await jobs.PatchAsync(name, Cancel);
        bed.Agents.CheckFault = _ => null;
        var db = bed.Machine("db");
        var journal = (await db.Vault.ReadJournalAsync(Token))!;
        await db.Vault.WriteJournalAsync(JournalTransitions.Cancel(journal.Value, Examples.Request, "shop", bed.Time.GetUtcNow()), journal.ETag, Token);
        await jobs.DeleteAsync(name);

        Assert.Equal("Canceled", (await bed.EndAsync("dr-1")).Operation.State);
        await NothingHappenedAsync(bed);
    }

    [Fact]
    public async Task A_cancel_after_a_fence_is_refused_with_the_machine_named_and_the_failover_finishes()
    {
        var bed = await PlanBed.StartAsync(Fixture.Azurite, new Faults(), "db", "web");
        var jobs = await JobBed.AttachAsync(Cluster, bed);
        bed.Agents.Hold = request => request.CreateReplica is not null;
        bed.Ask("dr-1");
        for (var visit = 0; visit < 8; visit++)
            await bed.VisitAsync();
        await jobs.PatchAsync((await jobs.ListAsync())[0].Metadata.Name, Cancel);
        await bed.VisitAsync();

        var refused = Assert.Single(await jobs.ListAsync());
        Assert.Equal((RecoveryJobState.Running, "False", "CancelRefused"), (refused.Status!.State, Cancelable(refused).Status, Cancelable(refused).Reason));
        Assert.Contains("the source of db is fenced", Cancelable(refused).Message, StringComparison.Ordinal);
        Assert.Contains("CancelRefused", jobs.Events);
        bed.Agents.Hold = _ => false;
        Assert.Equal("Succeeded", (await bed.EndAsync("dr-1")).Operation.State);
        Assert.Equal(RecoveryJobState.Succeeded, (await jobs.ListAsync())[0].Status!.State);
    }

    private static Func<bool> Kill(PlanBed bed, int call, bool after)
    {
        var (start, killed) = (bed.Faults.Calls, false);
        Task At(int index, bool ended)
        {
            if (killed || ended != after || index - start != call)
                return Task.CompletedTask;
            killed = true;
            throw new CrashException($"Killed {(after ? "after" : "before")} call {call} of the cancel.");
        }

        bed.Faults.Before = index => At(index, false);
        bed.Faults.Behind = index => At(index, true);
        return () => killed;
    }
}
