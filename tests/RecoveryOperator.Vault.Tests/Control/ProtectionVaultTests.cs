using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Tests.Control;

public sealed class ProtectionVaultTests(AzuriteFixture fixture)
{
    private readonly ProtectionId _id = AzuriteFixture.NewId();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ProtectionVault Vault => fixture.Account.Open(_id);

    [Fact]
    public async Task A_place_is_created_once_and_adopted_afterwards_by_its_own_cluster_and_machine_only()
    {
        VmDocument vm = TestDocuments.Vm(_id);
        VaultClaim created = await Vault.EnsureCreatedAsync(vm, TestDocuments.Journal(), Token);
        VaultClaim adopted = await Vault.EnsureCreatedAsync(vm with { CreatedAt = vm.CreatedAt.AddDays(1) }, TestDocuments.Journal(48), Token);
        VaultClaim foreign = await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id, cluster: "cluster-b"), TestDocuments.Journal(), Token);
        VaultClaim otherMachine = await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id, machine: "vm-2"), TestDocuments.Journal(), Token);

        Assert.Equal(
            [VaultClaimOutcome.Created, VaultClaimOutcome.Adopted, VaultClaimOutcome.OwnedByOther, VaultClaimOutcome.OtherMachine],
            new[] { created.Outcome, adopted.Outcome, foreign.Outcome, otherMachine.Outcome });
        Assert.Equal((vm, 24), (adopted.Vm.Value, adopted.Journal?.Value.RetentionHours));
        Assert.Null(foreign.Journal);
        List<ProtectionId> listed = [];
        await foreach (ProtectionId id in fixture.Account.ListProtectionsAsync(Token))
            listed.Add(id);
        Assert.Contains(_id, listed);
    }

    [Fact]
    public async Task The_journal_is_written_by_compare_and_set()
    {
        VaultClaim claim = await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id), TestDocuments.Journal(), Token);
        Versioned<JournalDocument> first = claim.Journal!;
        Versioned<JournalDocument>? second = await Vault.WriteJournalAsync(first.Value with { Epoch = 2 }, first.ETag, Token);
        Versioned<JournalDocument>? late = await Vault.WriteJournalAsync(first.Value with { Epoch = 3 }, first.ETag, Token);
        Versioned<JournalDocument>? repeated = await Vault.WriteJournalAsync(first.Value with { Epoch = 2 }, first.ETag, Token);

        Assert.NotNull(second);
        Assert.Null(late);
        Assert.Equal(second.ETag, repeated?.ETag);
        Assert.Equal(2, (await Vault.ReadJournalAsync(Token))?.Value.Epoch);
    }

    [Fact]
    public async Task Nothing_that_was_never_created_reads_as_null()
    {
        Assert.Null(await Vault.ReadVmAsync(Token));
        Assert.Null(await Vault.ReadJournalAsync(Token));
        Assert.Null(await Vault.ReadAppliedAsync(Token));
        await Vault.RevokeHostGrantAsync(Token);
        await Vault.DeleteAsync(Token);
    }

    [Fact]
    public async Task A_plans_journal_is_created_and_replaced_by_compare_and_set()
    {
        PlanJournalStore store = fixture.Account.OpenPlanJournal("tests", _id.ToString());
        Assert.Null(await store.ReadAsync(Token));
        PlanJournalDocument journal = new() { Plan = store.PlanId.ToString(), Namespace = "tests", Name = _id.ToString() };
        Versioned<PlanJournalDocument>? first = await store.WriteAsync(journal, null, Token);
        OperationRecord operation = new("op", "d", "UnplannedFailover", "Accepted", TestDocuments.Now, null, null);
        PlanJournalDocument next = journal with { Operations = [new PlanOperationRecord(operation, [new PlanStepRecord("s", "Pending", null, null, null, null)])] };

        Assert.Null(await store.WriteAsync(next, null, Token));
        Assert.NotNull(await store.WriteAsync(next, first!.ETag, Token));
        Assert.Null(await store.WriteAsync(journal with { Name = "x" }, first.ETag, Token));
        Assert.Equal("s", (await store.ReadAsync(Token))?.Value.Operations[0].Steps[0].Id);
    }

    [Fact]
    public async Task A_grant_keeps_its_uri_over_renewals_and_is_renewed_below_six_days()
    {
        await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id), TestDocuments.Journal(), Token);
        DateTimeOffset now = TestDocuments.Now;
        Uri first = await Vault.GrantHostAsync(1, now.AddDays(-6.9), Token);
        Uri second = await Vault.GrantHostAsync(1, now, Token);
        await new BlobLogStore(second, TimeProvider.System).CommitAsync(TestDocuments.Set(_id, 1, null), Token);

        Assert.Equal(first, second);
        var policies = (await Vault.Log.GetAccessPolicyAsync(cancellationToken: Token)).Value.SignedIdentifiers.ToList();
        Assert.Equal("host-1", Assert.Single(policies).Id);
        Assert.True(policies[0].AccessPolicy.PolicyExpiresOn > now.AddDays(6.5));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_is_first_at_a_sequence_is_right_commit_or_seal(bool sealFirst)
    {
        await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id), TestDocuments.Journal(), Token);
        BlobLogStore host = new(await Vault.GrantHostAsync(1, TestDocuments.Now, Token), TimeProvider.System);
        StoredSet first = (await host.CommitAsync(TestDocuments.Set(_id, 1, null), Token)).Standing;
        SetManifest second = TestDocuments.Set(_id, 2, first.Sha256);

        if (sealFirst)
        {
            SealResult seal = await Vault.SealAsync(1, "op-1", TestDocuments.Now, Token);
            CommitResult late = await host.CommitAsync(second, Token);
            Assert.Equal((2, first.Sha256, CommitOutcome.Fenced), (seal.Sequence, seal.LastSet?.Sha256, late.Outcome));
        }
        else
        {
            CommitResult committed = await host.CommitAsync(second, Token);
            SealResult seal = await Vault.SealAsync(1, "op-1", TestDocuments.Now, Token);
            Assert.Equal((3, committed.Standing.Sha256), (seal.Sequence, seal.LastSet?.Sha256));
        }

        SealResult again = await Vault.SealAsync(1, "op-2", TestDocuments.Now, Token);
        Assert.Equal("op-1", again.SealedBy);
        Assert.Equal(again.LastSet?.Sha256, (await Vault.NewestCommittedAsync(1, 1, Token))?.Sha256);
    }

    [Fact]
    public async Task What_says_that_it_is_of_a_newer_version_does_not_hold_up_the_seal()
    {
        await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id), TestDocuments.Journal(), Token);
        await Vault.Log.GetBlobClient(VaultNames.Set(1, 1)).UploadAsync(new BinaryData("{\"formatVersion\":1000}"), Token);

        SealResult seal = await Vault.SealAsync(1, "op", TestDocuments.Now, Token);

        Assert.Equal((2, null), (seal.Sequence, seal.LastSet));
    }

    [Fact]
    public async Task Grants_that_are_given_and_taken_at_once_do_not_undo_each_other()
    {
        await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id), TestDocuments.Journal(), Token);
        for (int round = 0; round < 10; round++)
        {
            await Vault.GrantReplicaReadAsync("test", TestDocuments.Now, Token);

            await Task.WhenAll(Vault.RevokeReplicaReadAsync("test", Token), Vault.GrantReplicaReadAsync("epoch-2", TestDocuments.Now, Token));

            Assert.Equal("recover-epoch-2", Assert.Single((await Vault.Replica.GetAccessPolicyAsync(cancellationToken: Token)).Value.SignedIdentifiers).Id);
            await Vault.RevokeReplicaReadAsync("epoch-2", Token);
        }
    }

    [Fact]
    public async Task An_epoch_without_sets_is_sealed_at_its_first_sequence()
    {
        await Vault.EnsureCreatedAsync(TestDocuments.Vm(_id), TestDocuments.Journal(), Token);
        SealResult seal = await Vault.SealAsync(1, "op", TestDocuments.Now, Token);
        Assert.Equal((1, null), (seal.Sequence, seal.LastSet));
    }
}
