using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Writes to a page blob come in turns, each with a sequence number of its own that all its writes require. What was repeated because its answer was lost, and arrives
/// in a later turn, is refused (docs/formats/vault-layout.md, "Requests that arrive late"). Within a turn no place is written twice with other content.
/// </summary>
/// <param name="blob">The blob.</param>
/// <param name="leaseId">The lease that its writes carry.</param>
internal sealed class WriteTurn(PageBlobClient blob, Func<string?> leaseId)
{
    private readonly Lock _lock = new();
    private Task<long?>? _number;

    /// <summary>What a write of this turn requires. The first one begins it.</summary>
    public async ValueTask<PageBlobRequestConditions> ConditionsAsync(CancellationToken cancellationToken)
    {
        Task<long?> number;
        lock (_lock)
            number = _number ??= BeginAsync(cancellationToken);
        return new PageBlobRequestConditions { LeaseId = leaseId(), IfSequenceNumberEqual = await number };
    }

    /// <summary>The next write begins another turn. All writes of this one are answered.</summary>
    public void End()
    {
        lock (_lock)
            _number = null;
    }

    private Task<long?> BeginAsync(CancellationToken cancellationToken) => Guards.Hold(Guard.WritesInTurns)
        ? StorageCall.RunAsync(
            blob.Uri,
            async () =>
            {
                PageBlobRequestConditions conditions = new() { LeaseId = leaseId() };
                PageBlobInfo begun = await blob.UpdateSequenceNumberAsync(SequenceNumberAction.Increment, null, conditions, cancellationToken);
                return (long?)begun.BlobSequenceNumber;
            },
            cancellationToken)
        : Task.FromResult<long?>(null);
}
