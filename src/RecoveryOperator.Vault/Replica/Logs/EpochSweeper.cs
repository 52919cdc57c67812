using System.Globalization;
using Azure.Storage.Blobs.Models;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica.Logs;

/// <summary>
/// Removes all of an ended epoch but its manifests (docs/formats/vault-layout.md, "What no set names, of an epoch that has ended"). Safe without a lease: nobody needs it,
/// whoever holds the replica now.
/// </summary>
internal sealed class EpochSweeper(ProtectionVault vault, LogBlobs blobs, int maxBlobs)
{
    private const int BlobsAtOnce = 1000;

    private int _tried;
    private int _removed;

    /// <summary>Blobs removed so far.</summary>
    public int Removed => _removed;

    /// <summary>Sweeps.</summary>
    /// <returns>False when as many blobs as may be were removed, and there are more.</returns>
    /// <exception cref="VaultException">The storage refused; what is left goes another time.</exception>
    public async Task<bool> SweepAsync(long epoch, CancellationToken cancellationToken)
    {
        // Base data first: it is most of it, and lies behind all manifests, which need not be listed to come to it.
        foreach (string prefix in new[] { VaultNames.BaseFolder(epoch), VaultNames.EpochFolder(epoch), VaultNames.ComputedSumsOf(epoch) })
        {
            if (!await SweepAsync(epoch, prefix, cancellationToken))
                return false;
        }

        return true;
    }

    private async Task<bool> SweepAsync(long epoch, string prefix, CancellationToken cancellationToken)
    {
        List<string> names = [];
        GetBlobsOptions options = new() { Prefix = prefix };
        IAsyncEnumerable<BlobItem> listed = StorageCall.ListAsync(vault.Log.Uri, vault.Log.GetBlobsAsync(options, cancellationToken), cancellationToken);
        await foreach (BlobItem blob in listed.WithCancellation(cancellationToken))
        {
            if (IsManifest(epoch, blob.Name))
                continue;

            names.Add(blob.Name);
            if (names.Count == BlobsAtOnce && !await RemoveAsync(names, cancellationToken))
                return false;
        }

        return await RemoveAsync(names, cancellationToken);
    }

    /// <summary>Where not one could be removed there is no use in going on: what is left is left.</summary>
    private async Task<bool> RemoveAsync(List<string> names, CancellationToken cancellationToken)
    {
        _removed += await blobs.RemoveAsync(names, cancellationToken);
        _tried += names.Count;
        names.Clear();
        return _tried < maxBlobs || _removed == 0;
    }

    /// <summary>Exactly a manifest's place: a blob that is only called so may be anybody's.</summary>
    private static bool IsManifest(long epoch, string name)
    {
        string[] parts = name.Split('/');
        return parts is [_, var sequence, _] && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && name == VaultNames.Set(epoch, number);
    }
}
