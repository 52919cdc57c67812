using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Replication.Tests.Plans;

public class FailoverFactsTests
{
    [Theory]
    [InlineData(false, false, false, false, false, FailoverStep.Fence)]
    [InlineData(true, false, false, false, false, FailoverStep.Seal)]
    [InlineData(true, true, false, false, false, FailoverStep.ChoosePoint)]
    [InlineData(true, true, true, false, false, FailoverStep.Create)]
    [InlineData(true, true, true, true, false, FailoverStep.Start)]
    [InlineData(true, true, true, true, true, FailoverStep.Done)]
    public void The_next_step_follows_from_the_journal_alone(
        bool fenced, bool sealRecorded, bool pointChosen, bool machineCreated, bool started, FailoverStep expected) =>
        Assert.Equal(expected, new FailoverFacts(fenced, sealRecorded, pointChosen, machineCreated, started).Next);

    [Fact]
    public void No_combination_reaches_a_point_a_machine_or_a_start_before_the_seal()
    {
        foreach (var bits in Enumerable.Range(0, 16))
        {
            var facts = new FailoverFacts((bits & 1) > 0, (bits & 2) > 0, (bits & 4) > 0, (bits & 8) > 0, Started: false);
            if (!facts.Fenced || !facts.SealRecorded)
                Assert.True(facts.Next is FailoverStep.Fence or FailoverStep.Seal, $"{facts} leads to {facts.Next}");
        }
    }

    [Fact]
    public void Groups_start_in_order_and_an_empty_group_holds_nobody_up()
    {
        Assert.Equal(0, GroupOrder.Current([[true, false], [false]]));
        Assert.Equal(1, GroupOrder.Current([[true, true], [false]]));
        Assert.Equal(2, GroupOrder.Current([[true], [], [false]]));
        Assert.Equal(3, GroupOrder.Current([[true], [], [true]]));
    }
}
