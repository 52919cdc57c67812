using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class JournalTransitionsTests
{
    private static readonly OperationKey Key = new("shop", Examples.Request.Id, Examples.Request.Digest);
    private static readonly JournalDocument Fenced = JournalTransitions.Fence(Examples.Journal, Examples.Request, "shop", "site-b", "host-b", null, Examples.Now);

    [Fact]
    public void The_journal_leads_from_each_step_to_the_next()
    {
        var at = Examples.Journal;
        var steps = new List<FailoverStep> { Next(at) };
        foreach (var write in new Func<JournalDocument, JournalDocument>[]
        {
            j => JournalTransitions.Fence(j, Examples.Request, "shop", "site-b", "host-b", null, Examples.Now),
            j => JournalTransitions.RecordSeal(j, 3),
            j => JournalTransitions.ChoosePoint(j, Examples.Point),
            j => JournalTransitions.RecordMachine(j, "machine"),
            j => JournalTransitions.RecordStart(j, new MemberResult("host-b", "machine", Examples.Point, 1, 2, null), Examples.Now),
        })
        {
            at = write(at);
            steps.Add(Next(at));
        }

        Assert.Equal([FailoverStep.Fence, FailoverStep.Seal, FailoverStep.ChoosePoint, FailoverStep.Create, FailoverStep.Start, FailoverStep.Done], steps);
        Assert.Equal(("site-b", 2, 3), (at.ActiveSite, at.Epoch, at.Epochs[0].SealedAtSequence));
    }

    [Fact]
    public void A_point_that_is_chosen_with_the_fence_is_pinned_from_there_on()
    {
        var journal = JournalTransitions.Fence(Examples.Journal, Examples.Request, "shop", "site-b", "host-b", Examples.Point, Examples.Now);

        Assert.Equal((Examples.Point, Examples.Point), (journal.Failover!.Point, journal.Epochs[1].Parent));
        Assert.Equal(FailoverStep.Create, Next(JournalTransitions.RecordSeal(journal, 3)));
    }

    [Fact]
    public void A_seal_is_recorded_also_where_the_epochs_beginning_never_was()
    {
        var journal = JournalTransitions.RecordSeal(Fenced with { Epochs = [] }, 3);

        Assert.Equal(FailoverStep.ChoosePoint, Next(journal));
        Assert.Equal(new EpochRecord(1, null, 3), Assert.Single(journal.Epochs));
    }

    [Fact]
    public void Another_operation_or_the_same_id_with_another_digest_finds_nothing_begun()
    {
        var member = Examples.Member("web", PlanMemberState.FailingOver, Fenced);

        Assert.Equal(FailoverStep.Fence, member.FactsOf(Key with { Id = "dr-2" }).Next);
        Assert.Equal(FailoverStep.Fence, member.FactsOf(Key with { Digest = (Examples.Request with { RecoveryPoint = "LatestProcessed" }).Digest }).Next);
    }

    [Fact]
    public void A_commit_keeps_everything_and_is_recorded_as_ended()
    {
        var started = JournalTransitions.RecordStart(Fenced, new MemberResult("host-b", "machine", Examples.Point, 1, 2, null), Examples.Now);
        var committed = JournalTransitions.Commit(started, new("commit-1", OperationType.Commit, "Latest"), "shop", Examples.Now);

        Assert.Equal(started.Failover! with { Committed = true }, committed.Failover);
        Assert.Equal(["Succeeded", "Succeeded"], committed.Operations.Select(o => o.State));
    }

    private static FailoverStep Next(JournalDocument journal) =>
        Examples.Member("web", PlanMemberState.Protected, journal).FactsOf(Key).Next;
}
