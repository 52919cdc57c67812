using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.TestFailovers;

public sealed class TestFailoverCrashTests(PlanAzurite fixture, ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_operator_killed_at_any_write_or_call_of_a_test_and_its_cleanup_makes_one_machine_and_leaves_none(bool after)
    {
        var call = 0;
        for (; ; call++)
        {
            var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults { CrashAt = call, After = after }, "db", "web");
            var test = await bed.TestAsync();
            Assert.True(test.Operation.State == "Succeeded", $"call {call}: {test}");
            Assert.True(bed.Agents.Tests.Count == 2, $"call {call}");
            Assert.Equal(2, bed.Agents.Started.Count);

            var cleanup = await bed.CleanUpAsync();
            Assert.True(cleanup.Operation.State == "Succeeded", $"call {call}: {cleanup}");
            Assert.Empty(bed.Agents.Violations);
            Assert.Empty(bed.Agents.Tests);
            Assert.Equal(2, (await bed.PlanJournalAsync()).Operations.Count);
            foreach (var machine in bed.Machines)
            {
                Assert.Empty((await machine.JournalAsync(Token)).Tests);
                Assert.Empty(TestScene.Grants(machine));
                await TestScene.IsUntouchedAsync(machine, Token);
            }

            if (bed.Faults.Calls <= call)
                break;
        }

        output.WriteLine($"Killed {(after ? "after" : "before")} each of {call} calls.");
        Assert.True(call > 30, $"Only {call} calls were seen: the test looks at nothing.");
    }
}
