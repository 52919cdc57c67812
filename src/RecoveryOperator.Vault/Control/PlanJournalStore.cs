using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Control;

/// <summary>One plan's journal, written by compare-and-set.</summary>
public sealed class PlanJournalStore
{
    private readonly BlobContainerClient _container;
    private readonly DocumentBlob<PlanJournalDocument> _journal;

    internal PlanJournalStore(BlobContainerClient container, ProtectionId planId)
    {
        PlanId = planId;
        _container = container;
        _journal = new DocumentBlob<PlanJournalDocument>(container.GetBlockBlobClient(VaultNames.Plan(planId)));
    }

    /// <summary>Id of the plan.</summary>
    public ProtectionId PlanId { get; }

    /// <summary>The journal, or null before its first write.</summary>
    /// <exception cref="VaultException">The storage refused, or the document is damaged or of a newer format.</exception>
    public async Task<Versioned<PlanJournalDocument>?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _journal.ReadAsync(cancellationToken))?.Document;
        }
        catch (VaultException fault) when (fault.Fault == VaultFault.NotFound)
        {
            return null; // The container is made by the first write.
        }
    }

    /// <summary>Writes the journal if it is still as it was read.</summary>
    /// <param name="journal">What to write.</param>
    /// <param name="etag">Version that was read; null: it must not exist yet.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The new version, or null when somebody else wrote.</returns>
    public async Task<Versioned<PlanJournalDocument>?> WriteAsync(PlanJournalDocument journal, string? etag, CancellationToken cancellationToken)
    {
        if (etag is not null)
            return await _journal.ReplaceAsync(journal, etag, cancellationToken);

        await Containers.CreateAsync(_container, cancellationToken);
        return await _journal.CreateAsync(journal, cancellationToken);
    }
}
