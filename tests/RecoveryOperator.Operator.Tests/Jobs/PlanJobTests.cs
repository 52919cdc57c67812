using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.Jobs;
using RecoveryOperator.Operator.Jobs.Plans;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using Fault = RecoveryOperator.Protocol.Fault;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.Tests.Jobs;

public sealed class PlanJobTests(Cluster cluster, PlanAzurite fixture, ITestOutputHelper output)
{
    private static readonly string[] Steps = ["db/Fence", "db/Seal", "db/ChoosePoint", "db/Create", "db/Start", "web/Fence", "web/Seal", "web/ChoosePoint", "web/Create", "web/Start"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_failover_has_one_job_with_steps_owner_result_and_events()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");
        var jobs = await JobBed.AttachAsync(cluster, bed);
        bed.Agents.Hold = request => request.CreateReplica is not null;
        bed.Ask("Outage_1");
        for (var visit = 0; visit < 8; visit++)
            await bed.VisitAsync();

        var running = Assert.Single(await jobs.ListAsync());
        Assert.Equal((RecoveryJobState.Running, "db/Create", 60), (running.Status!.State, running.Status.CurrentStep, running.Status.Percent));
        Assert.Equal(Steps, running.Status.Steps.Select(s => s.Name));
        Assert.Equal("works", running.Status.Steps.Single(s => s.Name == "web/Create").Message);
        var owner = Assert.Single(running.Metadata.OwnerReferences);
        Assert.Equal(("RecoveryPlan", "shop", "uid", true), (owner.Kind, owner.Name, owner.Uid, owner.Controller));
        Assert.Equal((RecoveryJobType.UnplannedFailover, "Outage_1", "Latest", 604800), (running.Spec.Type, running.Spec.OperationId, running.Spec.RecoveryPoint, running.Spec.TtlSecondsAfterFinished));
        Assert.Equal(JobNames.Of(JobSubjectKind.RecoveryPlan, "shop", RecoveryJobType.UnplannedFailover, "Outage_1"), running.Metadata.Name);

        bed.Agents.Hold = _ => false;
        var journal = (await bed.EndAsync("Outage_1")).Operation;
        var ended = Assert.Single(await jobs.ListAsync()).Status!;
        Assert.Equal((RecoveryJobState.Succeeded, 100), (ended.State, ended.Percent));
        Assert.All(ended.Steps, s => Assert.True(s is { State: JobStepState.Succeeded, FinishedAt: not null }, s.ToString()));
        Assert.Equal((journal.StartedAt.ToUnixTimeSeconds(), journal.FinishedAt!.Value.ToUnixTimeSeconds()), (ended.StartedAt!.Value.ToUnixTimeSeconds(), ended.FinishedAt!.Value.ToUnixTimeSeconds()));
        Assert.NotNull(ended.RtoSeconds);
        Assert.Equal(["JobRunning", "JobSucceeded"], jobs.Events);

        bed.Ask("commit-1", PlanOperationType.Commit);
        await bed.EndAsync("commit-1");
        var commit = (await jobs.ListAsync()).Single(j => j.Spec.Type == RecoveryJobType.Commit);
        Assert.Equal((RecoveryJobState.Succeeded, null), (commit.Status!.State, commit.Spec.RecoveryPoint));
        Assert.Equal(["db/Commit", "web/Commit"], commit.Status.Steps.Select(s => s.Name));
    }

    /// <summary>Every write to the vault, every call of an agent and every write of a job is one at which the operator dies once.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task An_operator_killed_at_any_write_or_call_makes_one_job_and_loses_no_step(bool after, bool copyLags)
    {
        var call = 0;
        for (; ; call++)
        {
            var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults { CrashAt = call, After = after }, "db");
            var jobs = await JobBed.AttachAsync(cluster, bed);
            jobs.CopyLags = copyLags;
            var seen = false;
            bed.Faults.Before = async _ => Assert.True(seen || bed.Agents.Begun.Count == 0 || (seen = (await jobs.ListAsync()).Count == 1), $"call {call}: an agent works on an operation without a job.");
            await bed.FailOverAsync();
            var isLast = bed.Faults.Calls <= call;
            await bed.VisitAsync();

            var job = Assert.Single(await jobs.ListAsync());
            Assert.True(job.Status?.State == RecoveryJobState.Succeeded, $"call {call}: {job.Status}");
            Assert.True(Steps.Take(5).SequenceEqual(job.Status.Steps.Where(s => s.State == JobStepState.Succeeded).Select(s => s.Name)), $"call {call}");
            Assert.Single(bed.Agents.Machines);
            if (isLast)
                break;
        }

        output.WriteLine($"Killed {(after ? "after" : "before")} each of {call} calls.");
        Assert.True(call > 15, $"Only {call} calls were seen: the test looks at nothing.");
    }

    [Fact]
    public async Task A_blocked_failover_stalls_its_job_with_the_remedy_and_writes_once()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var jobs = await JobBed.AttachAsync(cluster, bed);
        bed.Agents.CheckFault = _ => new Fault { Object = "pool", Message = "There is no room.", Remedy = "Free 1 GiB." };
        bed.Ask("dr-1");
        for (var visit = 0; visit < 40; visit++)
            await bed.VisitAsync();

        var status = Assert.Single(await jobs.ListAsync()).Status!;
        var stalled = status.Conditions.Single(c => c.Type == "Stalled");
        Assert.Equal((RecoveryJobState.Running, "True", "OperationBlocked"), (status.State, stalled.Status, stalled.Reason));
        Assert.Contains("Free 1 GiB.", stalled.Message, StringComparison.Ordinal);
        Assert.InRange(jobs.Writes, 1, 4);
        Assert.Equal(["JobRunning", "OperationBlocked"], jobs.Events);
    }

    [Fact]
    public async Task A_job_deleted_while_its_operation_runs_comes_back_and_one_deleted_later_does_not()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var jobs = await JobBed.AttachAsync(cluster, bed);
        bed.Agents.Hold = request => request.CreateReplica is not null;
        bed.Ask("dr-1");
        for (var visit = 0; visit < 8; visit++)
            await bed.VisitAsync();
        var first = Assert.Single(await jobs.ListAsync());
        await jobs.DeleteAsync(first.Metadata.Name);

        await bed.VisitAsync();
        var second = Assert.Single(await jobs.ListAsync());
        Assert.Equal(first.Metadata.Name, second.Metadata.Name);
        Assert.NotEqual(first.Metadata.Uid, second.Metadata.Uid);
        Assert.Equal((first.Status!.StartedAt, "db/Create"), (second.Status!.StartedAt, second.Status.CurrentStep));
        Assert.All(second.Status.Steps.Take(3), s => Assert.Equal((JobStepState.Succeeded, null), (s.State, s.StartedAt)));

        bed.Agents.Hold = _ => false;
        await bed.EndAsync("dr-1");
        await bed.VisitAsync();
        await jobs.DeleteAsync(first.Metadata.Name);
        await bed.VisitAsync();
        bed.Restart();
        await bed.VisitAsync();
        Assert.Empty(await jobs.ListAsync());
    }

    [Fact]
    public async Task A_failover_does_not_wait_for_an_API_server_and_gets_its_job_afterwards()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var jobs = await JobBed.AttachAsync(cluster, bed, reachable: false);
        await bed.VisitAsync();
        bed.StatusAway = true;
        var ended = await bed.FailOverAsync();
        Assert.Equal("Succeeded", ended.Operation.State);

        await jobs.ReachAsync();
        bed.StatusAway = false;
        await bed.VisitAsync();
        var job = Assert.Single(await jobs.ListAsync());
        Assert.Equal((RecoveryJobState.Succeeded, ended.Operation.FinishedAt!.Value.ToUnixTimeSeconds()), (job.Status!.State, job.Status.FinishedAt!.Value.ToUnixTimeSeconds()));
    }

    /// <summary>The plan's status tells the end by then; this process still owes the job.</summary>
    [Fact]
    public async Task A_job_that_could_not_be_made_is_made_later_although_the_plan_tells_its_end()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var jobs = await JobBed.AttachAsync(cluster, bed, reachable: false);
        await bed.FailOverAsync();
        await bed.VisitAsync();

        await jobs.ReachAsync();
        await bed.VisitAsync();

        Assert.Equal(RecoveryJobState.Succeeded, Assert.Single(await jobs.ListAsync()).Status!.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_leader_that_was_replaced_does_not_take_back_the_end_of_a_job(bool ended)
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var jobs = await JobBed.AttachAsync(cluster, bed);
        bed.Agents.Hold = request => request.CreateReplica is not null;
        bed.Ask("dr-1");
        for (var visit = 0; visit < 8; visit++)
            await bed.VisitAsync();
        var (old, read) = (jobs.OldLeader(), Assert.Single(await jobs.ListAsync()));
        if (ended)
        {
            bed.Agents.Hold = _ => false;
            await bed.EndAsync("dr-1");
        }
        else
        {
            await jobs.PatchAsync(read.Metadata.Name, """{"metadata":{"annotations":{"somebody":"was here"}}}""");
        }

        var late = new JobPicture(RecoveryJobState.Running, [new("db/Create", JobStepState.Failed)], "Late.", new(true, "NothingFenced", "Late."));
        Assert.True(await old.ShowAsync(read, late, Token));

        var status = Assert.Single(await jobs.ListAsync()).Status!;
        Assert.Equal(ended ? (RecoveryJobState.Succeeded, false) : (RecoveryJobState.Running, true), (status.State!.Value, status.Message == "Late."));
    }

    [Fact]
    public async Task A_job_that_cannot_be_made_is_tried_once_in_each_visit()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var jobs = await JobBed.AttachAsync(cluster, bed, reachable: false);
        bed.Agents.Hold = request => request.CreateReplica is not null;
        bed.Ask("dr-1");
        await bed.VisitAsync();
        for (var visit = 0; visit < 5; visit++)
        {
            var before = jobs.Creations;
            await bed.VisitAsync();
            Assert.Equal(before + 1, jobs.Creations);
        }
    }

    [Fact]
    public async Task A_job_that_was_cleaned_up_does_not_come_back_behind_many_refused_requests()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        var jobs = await JobBed.AttachAsync(cluster, bed);
        await bed.FailOverAsync();
        await bed.VisitAsync();
        await jobs.DeleteAsync((await jobs.ListAsync())[0].Metadata.Name);

        for (var request = 0; request < 12; request++)
            Assert.Equal("Refused", (await bed.FailOverAsync($"again-{request}")).Operation.State);
        bed.Restart();
        await bed.VisitAsync();

        Assert.DoesNotContain(bed.Plan.Status!.History, h => h.Id == "dr-1");
        Assert.Empty(await jobs.ListAsync());
    }

    [Fact]
    public void More_machines_than_a_job_has_steps_for_are_shown_by_machine_and_then_by_group()
    {
        foreach (var (count, steps, first) in new[] { (51, 255, "vm-0/Fence"), (52, 52, "vm-0"), (257, 2, "g0") })
        {
            var names = Enumerable.Range(0, count).Select(i => $"vm-{i}").ToList();
            var plan = Examples.Plan("a", "b");
            plan.Spec = plan.Spec with { Groups = [new() { Name = "g0", Vms = [] }, new() { Name = "g1", Vms = [] }] };
            var members = names.Select((n, i) => Examples.Member(n, PlanMemberState.Protected, group: i % 2)).ToList();
            var journal = PlanJournalTransitions.Accept(Examples.PlanJournal, Examples.Request, members, Examples.Now);
            var pictures = PlanJobSteps.Of(new(plan, members) { Journal = journal }, journal.Operations[0]);

            Assert.Equal((steps, first), (pictures.Count, pictures[0].Name));
            Assert.All(pictures, p => Assert.Equal(JobStepState.Pending, p.State));
        }
    }

    [Fact]
    public async Task A_rebuilt_cluster_makes_no_jobs_of_what_had_ended_before()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        await bed.FailOverAsync();
        bed.ForgetStatus();
        var jobs = await JobBed.AttachAsync(cluster, bed);

        await bed.VisitAsync();
        await bed.VisitAsync();

        Assert.Empty(await jobs.ListAsync());
    }

    [Fact]
    public async Task A_machine_that_cannot_be_recovered_fails_its_step_and_the_job()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");
        var jobs = await JobBed.AttachAsync(cluster, bed);
        bed.Ask("dr-1");
        await bed.VisitAsync();
        await LoseToAnotherPlanAsync(bed.Machine("web"));

        var ended = await bed.EndAsync("dr-1");

        var job = Assert.Single(await jobs.ListAsync()).Status!;
        Assert.Equal(("Failed", RecoveryJobState.Failed), (ended.Operation.State, job.State));
        Assert.Equal(JobStepState.Failed, job.Steps.Single(s => s.Name == "web/Fence").State);
        Assert.Equal(JobStepState.Skipped, job.Steps.Single(s => s.Name == "web/Start").State);
        Assert.Equal(JobStepState.Succeeded, job.Steps.Single(s => s.Name == "db/Start").State);
        Assert.Equal("JobFailed", jobs.Events.Last());
    }

    private static async Task LoseToAnotherPlanAsync(BedMachine machine)
    {
        var journal = (await machine.Vault.ReadJournalAsync(Token))!;
        var fenced = JournalTransitions.Fence(journal.Value, Examples.Request with { Id = "other" }, "shop", "site-b", "host-b", Examples.Point, Examples.Now);
        var started = JournalTransitions.RecordStart(fenced, new MemberResult("host-b", "m", null, 0, 0, null), Examples.Now);
        Assert.NotNull(await machine.Vault.WriteJournalAsync(started, journal.ETag, Token));
    }
}
