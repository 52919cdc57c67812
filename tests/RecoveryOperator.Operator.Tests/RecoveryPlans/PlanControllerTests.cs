using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Operator.Tests.Jobs;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class PlanControllerTests(Cluster cluster, PlanAzurite fixture)
{
    /// <summary>The plan is in no cluster: each write of its status is refused.</summary>
    [Fact]
    public async Task An_operation_whose_status_cannot_be_written_is_looked_at_again_at_its_own_pace()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var jobs = await JobBed.AttachAsync(cluster, bed);
        var controller = new RecoveryPlanController(
            bed.Pursuit, jobs.Jobs, new StatusWriter(cluster.Client, "recovery-operator", new KubernetesInstruments(), bed.Time), jobs, bed.Options, bed.Time);
        bed.Agents.Hold = request => request.CreateReplica is not null;
        bed.Ask("dr-1");

        List<TimeSpan?> pauses = [];
        for (var visit = 0; visit < 8; visit++)
        {
            var result = await controller.ReconcileAsync(bed.Plan, TestContext.Current.CancellationToken);
            Assert.False(result.IsSuccess);
            pauses.Add(result.RequeueAfter);
            foreach (var machine in bed.Machines)
                await machine.Applier.ApplyAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(bed.Options.StepInterval, pauses[^1]);
        Assert.All(pauses, p => Assert.True(p <= bed.Options.BlockedInterval, $"{p}"));
    }
}
