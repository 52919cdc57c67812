using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary><c>applied.json</c> in the hands of the one applier that holds its lease, with the newest point that it names.</summary>
internal sealed class AppliedRecord(ProtectionVault vault, LeaseSet leases, Func<DateTimeOffset> storageNow)
{
    private readonly BlockBlobClient _blob = vault.Replica.GetBlockBlobClient(VaultNames.Applied);
    private string _etag = "";

    /// <summary>How far the replica is.</summary>
    public AppliedDocument Value { get; private set; } = new();

    /// <summary>The newest point of the present history: which disks are whole, and how large they are. Null before the first.</summary>
    public RecoveryPointDocument? Newest { get; private set; }

    /// <summary>Now, by the storage's clock.</summary>
    public DateTimeOffset Now() => storageNow();

    /// <summary>Takes the lease of the replica and reads how far it is. False when another applier holds it.</summary>
    public async Task<bool> BeginAsync(CancellationToken cancellationToken)
    {
        DocumentBlob<AppliedDocument> document = new(_blob);
        await document.CreateAsync(new AppliedDocument(), cancellationToken);
        if (!await leases.TryAcquireAsync(_blob, cancellationToken))
            return false;

        if (await document.ReadAsync(cancellationToken) is not { } standing)
            return false; // Removed meanwhile, and the lease with it.

        (Value, _etag) = (standing.Document.Value, standing.Document.ETag);
        await ReadNewestAsync(cancellationToken);
        return true;
    }

    /// <summary>Makes sure that nobody else held the replica up to now: what was read before is as it was.</summary>
    public Task ConfirmAsync(CancellationToken cancellationToken) => leases.ConfirmAsync(_blob, cancellationToken);

    /// <summary>Writes it, stamped with the storage's time.</summary>
    /// <param name="next">The document.</param>
    /// <param name="newest">The point that it names as newest, where that is another one now and at hand.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task WriteAsync(AppliedDocument next, RecoveryPointDocument? newest, CancellationToken cancellationToken)
    {
        AppliedDocument stamped = next with { AppliedAt = storageNow() };
        Versioned<AppliedDocument> written = await new DocumentBlob<AppliedDocument>(_blob).ReplaceLeasedAsync(stamped, _etag, leases.IdOf(_blob), cancellationToken);
        (Value, _etag) = (stamped, written.ETag);
        if (newest is not null)
            Newest = newest;
        else if (stamped.LatestPoint is { } latest && (latest.Epoch, latest.Sequence) != (Newest?.Epoch, Newest?.Sequence))
            await ReadNewestAsync(cancellationToken);
    }

    /// <summary>The newest point tells which disks are whole. Without it nothing may be applied: a disk would count as new and be cleared.</summary>
    private async Task ReadNewestAsync(CancellationToken cancellationToken)
    {
        if (Value.LatestPoint is not { } latest)
            return;

        string name = VaultNames.Point(latest.Epoch, latest.Sequence);
        Newest = await vault.ReadPointAsync(latest.Epoch, latest.Sequence, cancellationToken) ?? throw new VaultException(
            VaultFault.Damaged,
            $"{vault.Replica.Name}/{name}",
            $"{VaultNames.Applied} names {name} as the newest point, but it is not in container {vault.Replica.Name}.",
            "Restore the blob (soft delete keeps it for some days), or remove the protection and protect the VM anew.");
    }
}
