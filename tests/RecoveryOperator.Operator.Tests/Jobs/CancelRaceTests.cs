using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.Jobs;

/// <summary>A cancel and a fence that meet: a machine is fenced or left out, never both.</summary>
public sealed class CancelRaceTests(Cluster cluster, PlanAzurite fixture, ITestOutputHelper output) : CancelScene(cluster, fixture)
{
    /// <summary>A second operator process that should not be there fences right before a write of the cancel.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_machine_is_either_fenced_or_left_out_and_never_both(int write)
    {
        var (bed, jobs) = await BlockedAsync(new Faults(), "db", "web");
        await jobs.PatchAsync((await jobs.ListAsync())[0].Metadata.Name, Cancel);
        bed.Agents.CheckFault = _ => null;
        var plan = bed.Plan;
        bed.Jobs = null;
        var other = bed.NewPursuit();
        bed.Jobs = jobs.Jobs;
        var seen = -1;
        var visits = 0;
        var did = 0;
        bed.Faults.Before = async _ =>
        {
            if (++seen != write)
                return;
            var before = bed.Faults.Calls;
            for (var visit = 0; visit < 5; visit++)
            {
                bed.Time.Advance(TimeSpan.FromSeconds(31));
                await other.VisitAsync(plan, Token);
                visits++;
            }

            did = bed.Faults.Calls - before;
        };

        var ended = await bed.EndAsync("dr-1");

        foreach (var machine in bed.Machines)
        {
            var journal = await machine.JournalAsync(Token);
            Assert.True(journal.Failover is null || !JournalTransitions.IsCanceled(journal, Examples.Request, "shop"), $"{machine.Name} was canceled, and fenced: {ended}");
        }

        output.WriteLine($"{ended.Operation.State}, {bed.Agents.Started.Count} started, {seen + 1} writes");
        Assert.True(visits == 5 && did > 0, $"There was no race: of {seen + 1} writes none was the one, or the other process did nothing ({visits} visits, {did} calls).");
        Assert.Empty(bed.Agents.Violations);
    }

    /// <summary>The other process had looked before the first record of the cancel, and fences behind it: what is fenced goes on, what was canceled is left out.</summary>
    [Fact]
    public async Task A_fence_between_two_records_of_a_cancel_leaves_out_what_was_canceled_and_recovers_the_rest()
    {
        var (bed, jobs) = await BlockedAsync(new Faults(), "db", "web");
        await jobs.PatchAsync((await jobs.ListAsync())[0].Metadata.Name, Cancel);
        bed.Agents.CheckFault = _ => null;
        var web = bed.Machine("web");
        var fences = 0;
        bed.Faults.Before = async _ =>
        {
            var standing = (await web.Vault.ReadJournalAsync(Token))!;
            if (standing.Value.Failover is null && JournalTransitions.IsCanceled(await bed.Machine("db").JournalAsync(Token), Examples.Request, "shop"))
                fences += await web.Vault.WriteJournalAsync(JournalTransitions.Fence(standing.Value, Examples.Request, "shop", "site-b", "host-b", null, bed.Time.GetUtcNow()), standing.ETag, Token) is null ? 0 : 1;
        };

        var ended = await bed.EndAsync("dr-1");

        Assert.Equal(1, fences);
        Assert.Equal(("Failed", RecoveryJobState.Failed), (ended.Operation.State, (await jobs.ListAsync())[0].Status!.State));
        Assert.Equal(["web"], bed.Agents.Started);
        Assert.Null((await bed.Machine("db").JournalAsync(Token)).Failover);
        Assert.True(await bed.Machine("db").CommitAsync(Token), "The source of db cannot commit any more.");
        Assert.Contains("db was left out", PlanJournalTransitions.ResultOf(ended.Operation)!.Message, StringComparison.Ordinal);
    }
}
