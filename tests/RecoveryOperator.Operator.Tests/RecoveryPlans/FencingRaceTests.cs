using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class FencingRaceTests(PlanAzurite fixture, ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_set_that_was_committed_before_the_seal_is_recovered_wherever_it_came_in_between()
    {
        var landed = 0;
        for (var call = 0; ; call++)
        {
            var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
            var web = bed.Machine("web");
            bed.Faults.Before = async index =>
            {
                if (index == call && await web.CommitAsync(Token))
                    landed++;
            };
            await bed.FailOverAsync();

            var journal = await web.JournalAsync(Token);
            Assert.True(web.Committed == journal.Failover!.Point!.Sequence, $"call {call}: set {web.Committed} was committed, {journal.Failover.Point} recovered.");
            Assert.Equal([web.Committed + 1], await web.SealsAsync(1, Token));
            if (bed.Faults.Calls <= call)
                break;
        }

        output.WriteLine($"{landed} sets landed before their seal.");
        Assert.True(landed >= 4, $"Only {landed} sets landed before a seal: the test looks at nothing.");
    }

    [Fact]
    public async Task A_source_that_goes_on_committing_through_the_whole_fencing_loses_nothing_it_was_promised()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var web = bed.Machine("web");
        bed.Faults.Before = async _ =>
        {
            // A host that were faster than the fencer at every single sequence for ever would never be sealed.
            if (web.Committed < 12)
                await web.CommitAsync(Token);
        };
        await bed.FailOverAsync();

        Assert.True(web.Committed > 4);
        Assert.Equal(web.Committed, (await web.JournalAsync(Token)).Failover!.Point!.Sequence);
    }

    [Fact]
    public async Task LatestProcessed_takes_what_is_listed_when_the_source_is_fenced()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var web = bed.Machine("web");
        bed.Faults.Before = async _ =>
        {
            if (web.Committed == 2 && (await web.JournalAsync(Token)).Epoch == 2)
                await web.CommitAsync(Token);
        };
        await bed.FailOverAsync(point: "LatestProcessed");

        Assert.Equal((3, 2), (web.Committed, (await web.JournalAsync(Token)).Failover!.Point!.Sequence));
        Assert.Empty(bed.Agents.Hurried);
    }

    [Fact]
    public async Task A_grant_that_a_late_reader_gave_back_is_gone_when_the_replica_starts()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var web = bed.Machine("web");
        bed.Agents.Hold = request => request.CreateReplica is not null;
        bed.Ask("dr-1");
        for (var visit = 0; visit < 8; visit++)
            await bed.VisitAsync();
        await web.Vault.GrantHostAsync(1, bed.Time.GetUtcNow(), Token);
        bed.Agents.Hold = _ => false;
        await bed.EndAsync("dr-1");

        // What is left is the recovered machine's right to read its checksum table.
        var left = Assert.Single((await web.Vault.Log.GetAccessPolicyAsync(cancellationToken: Token)).Value.SignedIdentifiers);
        Assert.Equal(("recover-epoch-2", "r"), (left.Id, left.AccessPolicy.Permissions));
    }

    [Fact]
    public async Task A_grant_that_a_visit_was_giving_when_the_epoch_was_raised_is_gone_once_the_seal_is_recorded()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var web = bed.Machine("web");
        bed.Agents.Hold = request => request.CreateReplica is not null;
        var visit = await bed.Locks.AcquireAsync(web.Vault.Id.ToString(), Token);
        bed.Ask("dr-1");
        var visits = Task.Run(async () => { while ((await web.JournalAsync(Token)).Epochs.All(e => e.SealedAtSequence is null)) await bed.VisitAsync(); }, Token);
        await Eventually.HoldsAsync(async () => (await web.SealsAsync(1, Token)).Count > 0, Token);
        await web.Vault.GrantHostAsync(1, bed.Time.GetUtcNow(), Token);
        visit.Dispose();
        await visits;

        Assert.Empty((await web.Vault.Log.GetAccessPolicyAsync(cancellationToken: Token)).Value.SignedIdentifiers);
    }

    [Fact]
    public async Task Each_write_of_a_journal_is_told_to_the_protection()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        await bed.FailOverAsync();
        Assert.True(bed.Told.Count >= 4, "Fence, seal, point and machine are written one after the other.");
        bed.Told.Clear();
        bed.Ask("commit-1", Api.Plans.PlanOperationType.Commit);
        await bed.EndAsync("commit-1");
        Assert.Contains("web", bed.Told);
    }

    [Fact]
    public async Task A_damaged_set_before_the_seal_leaves_the_newest_point_before_it_and_the_result_says_so()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var web = bed.Machine("web");
        await web.CommitAsync(Token);
        web.Applier.DamagedSequence = 3;
        var ended = await bed.FailOverAsync();

        Assert.Equal(2, (await web.JournalAsync(Token)).Failover!.Point!.Sequence);
        Assert.Contains("set 1/3 was damaged", bed.Plan.Status!.CurrentOperation!.Message!, StringComparison.Ordinal);
        Assert.Equal("Succeeded", ended.Operation.State);
    }

    [Fact]
    public async Task A_resynchronization_that_was_committed_behind_a_damaged_set_is_recovered_from()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var web = bed.Machine("web");
        web.Applier.DamagedSequence = 3;
        await web.CommitAsync(Token);
        await web.Applier.ApplyAsync(Token);
        await web.CommitAsync(Token, completes: Completes.Resync);
        web.Applier.IdleCalls = 8;
        await bed.FailOverAsync();

        Assert.Equal(4, (await web.JournalAsync(Token)).Failover!.Point!.Sequence);
    }

    [Fact]
    public async Task Damage_that_is_known_in_the_point_stands_in_the_result()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        var web = bed.Machine("web");
        web.Applier.PointDamage = new PointDamageRecord(bed.Time.GetUtcNow(), Disk: 1, OffsetBytes: 65536, BadBlocks: 7);
        await web.CommitAsync(Token);
        await bed.FailOverAsync();

        foreach (var word in new[] { "7 blocks", "disk 1", "offset 65536", "an earlier recovery point" })
            Assert.Contains(word, bed.Plan.Status!.CurrentOperation!.Message!, StringComparison.Ordinal);
    }
}
