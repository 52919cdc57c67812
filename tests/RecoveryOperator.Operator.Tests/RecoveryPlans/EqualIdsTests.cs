using System.Text.Json;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

/// <summary>Two plans that share a machine and were asked under the same id: each operation is its own plan's.</summary>
public sealed class EqualIdsTests(PlanAzurite fixture)
{
    private static readonly MemberResult Result = new("host-b", "machine", Examples.Point, 1, 2, "note");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_start_ends_the_operation_of_its_plan_and_leaves_a_canceled_one_of_another_alone()
    {
        var canceled = JournalTransitions.Cancel(Examples.Journal, Examples.Request, "other", Examples.Now);
        var fenced = JournalTransitions.Fence(canceled, Examples.Request, "shop", "site-b", "host-b", Examples.Point, Examples.Now);
        var started = JournalTransitions.RecordStart(JournalTransitions.RecordSeal(fenced, 3), Result, Examples.Now);
        var member = Examples.Member("web", PlanMemberState.FailedOver, started);

        Assert.Equal(["Canceled", "Succeeded"], started.Operations.Select(o => o.State));
        Assert.Equal(Result, MemberResults.Of(member, Key("shop")));
        Assert.Null(MemberResults.Of(member, Key("other")));
        Assert.Equal((FailoverStep.Done, FailoverStep.Fence), (member.FactsOf(Key("shop")).Next, member.FactsOf(Key("other")).Next));
        Assert.True(JournalTransitions.IsCanceled(started, Examples.Request, "other") && !JournalTransitions.IsCanceled(started, Examples.Request, "shop"));
    }

    /// <summary>A vault that an earlier version worked on.</summary>
    [Fact]
    public void A_record_that_names_no_plan_belongs_to_whoever_asks_with_its_id_and_digest()
    {
        var fenced = JournalTransitions.Fence(Examples.Journal, Examples.Request, "shop", "site-b", "host-b", Examples.Point, Examples.Now);
        var older = fenced with { Failover = fenced.Failover! with { Plan = null }, Operations = [.. fenced.Operations.Select(o => o with { Plan = null })] };
        var started = JournalTransitions.RecordStart(older, Result, Examples.Now);
        var member = Examples.Member("web", PlanMemberState.FailingOver, started);

        Assert.True(member.FactsOf(Key("shop")) is { Fenced: true, Started: true });
        Assert.Equal(Result, MemberResults.Of(member, Key("shop")));
    }

    [Fact]
    public void A_canceled_record_of_an_earlier_version_is_of_the_plan_that_its_result_names()
    {
        var canceled = JournalTransitions.Cancel(Examples.Journal, Examples.Request, "other", Examples.Now);
        var older = canceled with { Operations = [.. canceled.Operations.Select(o => o with { Plan = null, Result = JsonSerializer.SerializeToElement(new { plan = "other" }) })] };

        Assert.True(JournalTransitions.IsCanceled(older, Examples.Request, "other"));
        Assert.False(JournalTransitions.IsCanceled(older, Examples.Request, "shop"));
    }

    [Fact]
    public void What_a_machine_is_made_for_names_its_plan_and_epoch_unless_an_earlier_version_began_it()
    {
        var plan = new RecoveryPlan { Metadata = new() { Name = "shop", NamespaceProperty = "ns" }, Spec = new() { Groups = [] } };
        var fenced = JournalTransitions.Fence(Examples.Journal, Examples.Request, "shop", "site-b", "host-b", Examples.Point, Examples.Now);
        var older = fenced with { Failover = fenced.Failover! with { Plan = null }, Operations = [.. fenced.Operations.Select(o => o with { Plan = null })] };
        FailoverContext Of(Vault.Documents.JournalDocument journal) => new(plan, Examples.Member("web", PlanMemberState.FailingOver, journal), Examples.Request, Examples.Now);
        var id = Examples.Request.Id;

        Assert.Equal(($"shop/{id}/2", $"{id}/ns/shop/web"), (Of(Examples.Journal).MadeFor(2), Of(Examples.Journal).Key));
        Assert.Equal(($"shop/{id}/2", $"{id}/ns/shop/web"), (Of(fenced).MadeFor(2), Of(fenced).Key));
        Assert.Equal((id, $"{id}/ns/web"), (Of(older).MadeFor(2), Of(older).Key));
        var next = older with { Failover = older.Failover with { OperationId = "dr-before" } };
        Assert.Equal($"shop/{id}/3", Of(next).MadeFor(3));
    }

    [Fact]
    public async Task A_plan_does_not_take_the_failover_of_another_for_its_own()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Agents.CheckFault = _ => new Fault { Object = "pool", Message = "There is no room.", Remedy = "Free 1 GiB." };
        bed.Ask("dr-1");
        var other = new RecoveryPlan { Metadata = new() { Name = "other", NamespaceProperty = bed.Plan.Metadata.NamespaceProperty, Uid = "other" }, Spec = bed.Plan.Spec };
        for (var visit = 0; visit < 4; visit++)
            await bed.Pursuit.VisitAsync(other, Token);
        bed.Agents.CheckFault = _ => null;
        Assert.Equal("Succeeded", (await bed.EndAsync("dr-1")).Operation.State);

        PlanSituation situation = await bed.Pursuit.VisitAsync(other, Token);
        for (var visit = 0; visit < 10 && situation.Journal!.Operations[0].Operation.FinishedAt is null; visit++)
            situation = await bed.Pursuit.VisitAsync(other, Token);

        var ended = situation.Journal!.Operations[0].Operation;
        Assert.Equal("Failed", ended.State);
        Assert.Contains("web was failed over by operation 'dr-1' of plan shop", PlanJournalTransitions.ResultOf(ended)!.Message, StringComparison.Ordinal);
        Assert.Single((await bed.Machine("web").JournalAsync(Token)).Operations);
        Assert.Equal(["web"], bed.Agents.Started);
    }

    private static OperationKey Key(string plan) => new(plan, Examples.Request.Id, Examples.Request.Digest);
}
