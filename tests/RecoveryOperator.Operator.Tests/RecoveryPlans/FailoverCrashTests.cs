using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class FailoverCrashTests(PlanAzurite fixture, ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_operator_killed_at_any_write_or_call_leaves_one_machine_one_seal_and_one_epoch(bool after)
    {
        var call = 0;
        for (; ; call++)
        {
            var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults { CrashAt = call, After = after }, "db", "web");
            var ended = await bed.FailOverAsync();
            Assert.True(ended.Operation.State == "Succeeded", $"call {call}: {ended}");
            await RanOnceAsync(bed, $"call {call}, after: {after}");
            if (bed.Faults.Calls <= call)
                break;
        }

        output.WriteLine($"Killed {(after ? "after" : "before")} each of {call} calls.");
        Assert.True(call > 25, $"Only {call} calls were seen: the test looks at nothing.");
    }

    [Fact]
    public async Task An_operator_killed_before_any_write_of_a_commit_commits_in_the_end()
    {
        for (var call = 0; call < 4; call++)
        {
            var armed = false;
            var start = int.MaxValue;
            var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db", "web");
            await bed.FailOverAsync();
            bed.Faults.Before = index =>
            {
                start = Math.Min(start, index);
                if (armed || index != start + call)
                    return Task.CompletedTask;
                armed = true;
                throw new CrashException($"Killed before call {call} of the commit.");
            };
            bed.Ask("commit-1", PlanOperationType.Commit);
            var ended = await bed.EndAsync("commit-1");

            Assert.Equal("Succeeded", ended.Operation.State);
            foreach (var machine in bed.Machines)
            {
                var journal = await machine.JournalAsync(Token);
                Assert.True(journal.Failover!.Committed);
                Assert.Single(journal.Operations, o => o.Id == "commit-1");
            }
        }
    }

    private static async Task RanOnceAsync(PlanBed bed, string which)
    {
        Assert.Empty(bed.Agents.Violations);
        Assert.True(bed.Agents.Machines.Count == 2, which);
        Assert.Equal(["db", "web"], bed.Agents.Started);
        Assert.Single((await bed.PlanJournalAsync()).Operations);
        foreach (var machine in bed.Machines)
        {
            var journal = await machine.JournalAsync(Token);
            Assert.Equal([3], await machine.SealsAsync(1, Token));
            Assert.Empty(await machine.SealsAsync(2, Token));
            Assert.Equal((2, 2, 3), (journal.Epoch, journal.Epochs.Count, journal.Epochs[0].SealedAtSequence));
            Assert.Equal("Succeeded", Assert.Single(journal.Operations).State);
            Assert.Equal((1, 2), (journal.Failover!.Point!.Epoch, journal.Failover.Point.Sequence));
            Assert.False(await machine.CommitAsync(Token), $"{which}: the fenced source of {machine.Name} committed a set.");
        }
    }
}
