using Azure.Storage.Blobs.Models;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class CommitAndGrantTests(PlanAzurite fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_commit_before_a_failover_is_refused_and_says_what_is_allowed()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        bed.Ask("commit-1", PlanOperationType.Commit);
        var ended = await bed.EndAsync("commit-1");

        Assert.Equal("Refused", ended.Operation.State);
        Assert.Contains("Allowed now: UnplannedFailover", bed.Plan.Status!.CurrentOperation!.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_that_is_half_committed_is_completed()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db web");
        await bed.FailOverAsync();
        var db = bed.Machine("db").Vault;
        var read = (await db.ReadJournalAsync(Token))!;
        var commit = new Replication.Plans.OperationRequest("elsewhere", Replication.Plans.OperationType.Commit, "Latest");
        await db.WriteJournalAsync(JournalTransitions.Commit(read.Value, commit, "shop", bed.Time.GetUtcNow()), read.ETag, Token);
        bed.Ask("commit-1", PlanOperationType.Commit);

        Assert.Equal("Succeeded", (await bed.EndAsync("commit-1")).Operation.State);
        await bed.VisitAsync();
        Assert.Equal(PlanPhase.Committed, bed.Plan.Status!.Phase);
        foreach (var machine in bed.Machines)
            Assert.True((await machine.JournalAsync(Token)).Failover!.Committed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_read_grant_of_a_recovered_machine_lives_as_long_as_it_runs_from_the_vault(bool commit)
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        await bed.FailOverAsync();
        if (commit)
        {
            bed.Ask("commit-1", PlanOperationType.Commit);
            await bed.EndAsync("commit-1");
        }

        var writes = 0;
        bed.Faults.Before = _ => Task.FromResult(writes++);
        for (var hour = 0; hour < 30 * 24; hour++)
        {
            // The emulator ends a grant by its own clock, so the policy is read instead of the disk.
            bed.Time.Advance(TimeSpan.FromHours(1));
            if (hour % 6 != 0)
                continue;
            var situation = await bed.VisitAsync();
            Assert.True(situation.LookAgainAfter <= TimeSpan.FromHours(1));
            Assert.True((await PolicyAsync(bed)).AccessPolicy.PolicyExpiresOn > bed.Time.GetUtcNow().AddDays(5.5));
        }

        Assert.InRange(writes, 2 * 15, 2 * 31); // One a day for the disks, and one for their checksums.
    }

    [Fact]
    public async Task A_renewal_that_fails_is_told_and_tried_again()
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "web");
        await bed.FailOverAsync();
        bed.Time.Advance(TimeSpan.FromDays(2));
        bed.Restart();
        bed.Faults.Before = _ => throw new Azure.RequestFailedException(403, "No.", "AuthorizationFailure", null);
        var situation = await bed.VisitAsync();

        Assert.Equal(TimeSpan.FromSeconds(30), situation.LookAgainAfter);
        Assert.Contains("could not be renewed", bed.Plan.Status!.Conditions.Single(c => c.Type == "Stalled").Message, StringComparison.Ordinal);
        bed.Faults.Before = _ => Task.CompletedTask;
        await bed.VisitAsync();
        Assert.True((await PolicyAsync(bed)).AccessPolicy.PolicyExpiresOn > bed.Time.GetUtcNow().AddDays(6));
    }

    /// <summary>That of the disks; the one of their checksums is the same, and nobody else has one.</summary>
    private static async Task<BlobSignedIdentifier> PolicyAsync(PlanBed bed)
    {
        var disks = Assert.Single((await bed.Machine("web").Vault.Replica.GetAccessPolicyAsync(cancellationToken: Token)).Value.SignedIdentifiers);
        var sums = Assert.Single((await bed.Machine("web").Vault.Log.GetAccessPolicyAsync(cancellationToken: Token)).Value.SignedIdentifiers);
        Assert.Equal((disks.Id, "r", disks.AccessPolicy.PolicyExpiresOn), (sums.Id, sums.AccessPolicy.Permissions, sums.AccessPolicy.PolicyExpiresOn));
        return disks;
    }
}
