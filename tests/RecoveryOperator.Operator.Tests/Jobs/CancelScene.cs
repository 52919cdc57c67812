using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.Jobs;

/// <summary>A failover whose target says no, so that it can still be canceled, and what it looks like when nothing came of it.</summary>
public abstract class CancelScene(Cluster cluster, PlanAzurite fixture)
{
    protected const string Cancel = """{"spec":{"cancel":{"id":"c-1"}}}""";

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected Cluster Cluster { get; } = cluster;

    protected PlanAzurite Fixture { get; } = fixture;

    /// <summary>A failover of all machines whose target says no: nothing is fenced.</summary>
    private protected async Task<(PlanBed Bed, JobBed Jobs)> BlockedAsync(Faults faults, params string[] groups)
    {
        var bed = await PlanBed.StartAsync(Fixture.Azurite, faults, groups);
        var jobs = await JobBed.AttachAsync(Cluster, bed);
        bed.Agents.CheckFault = _ => new Fault { Object = "pool", Message = "There is no room.", Remedy = "Free 1 GiB." };
        bed.Ask("dr-1");
        for (var visit = 0; visit < 20 && bed.Plan.Status?.Conditions.Any(c => c is { Type: "Stalled", Status: "True" }) != true; visit++)
            await bed.VisitWithoutWaitingAsync();
        Assert.Contains(bed.Plan.Status!.Conditions, c => c is { Type: "Stalled", Status: "True" });
        return (bed, jobs);
    }

    private protected static async Task NothingHappenedAsync(PlanBed bed)
    {
        Assert.Empty(bed.Agents.Machines);
        foreach (var machine in bed.Machines)
        {
            var journal = await machine.JournalAsync(Token);
            Assert.Equal((1, null), (journal.Epoch, journal.Failover));
            Assert.True(await machine.CommitAsync(Token), $"The source of {machine.Name} cannot commit any more.");
        }
    }

    protected static k8s.Models.V1Condition Cancelable(RecoveryJob job) => job.Status!.Conditions.Single(c => c.Type == "Cancelable");
}
