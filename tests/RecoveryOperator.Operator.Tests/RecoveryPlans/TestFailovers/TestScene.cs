using Azure.Storage.Blobs.Models;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.TestFailovers;

/// <summary>Asks for tests and their cleanup, and sees what they left alone.</summary>
internal static class TestScene
{
    public static Task<PlanOperationRecord> TestAsync(this PlanBed bed, string id = "drill-1", string? point = null, int visits = 60)
    {
        bed.Ask(id, PlanOperationType.TestFailover, point);
        return bed.EndAsync(id, visits);
    }

    public static Task<PlanOperationRecord> CleanUpAsync(this PlanBed bed, string id = "clean-1", string? notes = null)
    {
        bed.Ask(id, PlanOperationType.CleanupTestFailover, notes: notes);
        return bed.EndAsync(id);
    }

    /// <summary>Read grants of the replica.</summary>
    public static IReadOnlyList<string> Grants(BedMachine machine) => Policies(machine.Vault.Replica);

    /// <summary>Nothing of a failover: the epoch, the seal, the host's grant.</summary>
    public static async Task IsUntouchedAsync(BedMachine machine, CancellationToken cancellationToken)
    {
        var journal = await machine.JournalAsync(cancellationToken);
        Assert.Equal((1, 1, "site-a"), (journal.Epoch, journal.Epochs.Count, journal.ActiveSite));
        Assert.Null(journal.Failover);
        Assert.Empty(journal.Operations);
        Assert.Empty(await machine.SealsAsync(1, cancellationToken));
        Assert.Equal(["host-1"], Policies(machine.Vault.Log).Except(Grants(machine)));
    }

    private static IReadOnlyList<string> Policies(Azure.Storage.Blobs.BlobContainerClient container)
    {
        BlobContainerAccessPolicy policy = container.GetAccessPolicy();
        return [.. policy.SignedIdentifiers.Select(p => p.Id)];
    }
}
