using System.Collections.Concurrent;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>
/// Whose turn it is to ask a vault. Each storage account has its own turns, so one that hangs keeps nobody from another; and a disk has only a share of them, so that one
/// that is read a lot leaves some to the others.
/// </summary>
internal sealed class VaultTurns : IDisposable
{
    /// <summary>Requests to one account at once, over all machines.</summary>
    public const int OfAccount = 16;

    /// <summary>Requests for one disk at once.</summary>
    public const int OfDisk = 8;

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _accounts = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _disks = new(StringComparer.Ordinal);

    /// <summary>Waits for a turn and takes it.</summary>
    /// <returns>Disposing it gives the turn back.</returns>
    public async Task<IDisposable> TakeAsync(Uri disk, CancellationToken cancellationToken)
    {
        var ofDisk = _disks.GetOrAdd(disk.AbsolutePath + disk.Authority, _ => new SemaphoreSlim(OfDisk));
        var ofAccount = _accounts.GetOrAdd(disk.Authority, _ => new SemaphoreSlim(OfAccount));
        await ofDisk.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ofAccount.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            ofDisk.Release();
            throw;
        }

        return new Turn(ofDisk, ofAccount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var turns in _accounts.Values.Concat(_disks.Values)) turns.Dispose();
    }

    private sealed class Turn(SemaphoreSlim ofDisk, SemaphoreSlim ofAccount) : IDisposable
    {
        public void Dispose()
        {
            ofAccount.Release();
            ofDisk.Release();
        }
    }
}
