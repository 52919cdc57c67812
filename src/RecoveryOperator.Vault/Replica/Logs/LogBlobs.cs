using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica.Logs;

/// <summary>
/// Deletes blobs of a log container, some at a time, with their snapshots: a host's grant can make some. One that cannot be deleted (a lease, a policy that keeps it) is
/// logged and left, so that nobody holds up the others with it.
/// </summary>
internal sealed partial class LogBlobs(ProtectionVault vault, ILogger logger)
{
    private const int ParallelDeletes = 8;

    /// <summary>Deletes them; those that are gone already count as deleted.</summary>
    /// <returns>How many were deleted; the others are left.</returns>
    /// <exception cref="VaultException">The storage cannot be reached, or refuses deletions as such.</exception>
    public async Task<int> RemoveAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        int removed = 0;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = ParallelDeletes, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(names, parallel, async (name, token) =>
        {
            if (await TryRemoveAsync(name, token))
                Interlocked.Increment(ref removed);
        });
        return removed;
    }

    private async Task<bool> TryRemoveAsync(string name, CancellationToken cancellationToken)
    {
        BlobClient blob = vault.Log.GetBlobClient(name);
        try
        {
            await StorageCall.RunAsync(blob.Uri, () => blob.DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken), cancellationToken);
            return true;
        }
        catch (VaultException held) when (held.Fault == VaultFault.Conflict)
        {
            LogLeft(logger, held, held.Target);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Blob} is of no use any more and cannot be deleted: it is left. Somebody holds a lease on it, or a policy of the storage account keeps it")]
    private static partial void LogLeft(ILogger logger, Exception fault, string blob);
}
