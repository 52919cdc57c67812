using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// The leases of one applier on one replica, renewed in the background. When one is lost, <see cref="Lost"/> is cancelled. Storage enforces
/// them: every write carries its blob's lease. The first lease is the right to the others: none of them is used before the first is known to have been held when it was taken.
/// </summary>
internal sealed partial class LeaseSet : IAsyncDisposable
{
    private const int RenewalsAtOnce = 16;

    private readonly ConcurrentDictionary<Uri, HeldLease> _held = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly LeaseHolder _holder;
    private readonly Guid _session;
    private readonly TimeSpan _duration;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Task _renewals;
    private BlobBaseClient? _first;

    public LeaseSet(LeaseHolder holder, TimeSpan duration, TimeProvider timeProvider, ILogger logger)
    {
        _holder = holder;
        _session = holder.Session;
        _duration = duration;
        _timeProvider = timeProvider;
        _logger = logger;
        _renewals = RenewAsync();
    }

    /// <summary>Cancelled when a lease is lost.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Takes the lease of a blob; true also when it is held already. False when another applier holds it.</summary>
    /// <exception cref="VaultException">
    /// Conflict: the first lease is lost. A process that was stopped while it asked for this one is given it when another has taken over, done its work, and gone: what the
    /// process read before is old by then.
    /// </exception>
    public async Task<bool> TryAcquireAsync(BlobBaseClient blob, CancellationToken cancellationToken)
    {
        if (_held.ContainsKey(blob.Uri))
            return true;

        string id = LeaseHolder.LeaseId(_session, blob.Uri);
        BlobLeaseClient lease = blob.GetBlobLeaseClient(id);
        long asked = _timeProvider.GetTimestamp();
        bool taken = await StorageCall.RunAsync(
            blob.Uri,
            async () => await AcquireAsync(lease, cancellationToken) || await TakeOverAsync(blob, id, cancellationToken),
            cancellationToken);
        if (!taken)
            return false;

        _held[blob.Uri] = new HeldLease(lease, asked);
        if (_first is null)
            _first = blob;
        else
            await ConfirmAsync(_first, cancellationToken);
        return true;
    }

    /// <summary>Condition that a write to a blob carries.</summary>
    public string IdOf(BlobBaseClient blob) => _held[blob.Uri].Client.LeaseId;

    /// <summary>
    /// Renews a lease now. When this returns, nobody else has held it since it was acquired: what was listed in between is of this applier or older.
    /// </summary>
    /// <exception cref="VaultException">Conflict: it is lost.</exception>
    public Task ConfirmAsync(BlobBaseClient blob, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri, () => _held[blob.Uri].Client.RenewAsync(cancellationToken: cancellationToken), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewals;
        foreach (HeldLease held in _held.Values)
            await ReleaseAsync(held);

        _stop.Dispose();
        _lost.Dispose();
    }

    private async Task<bool> AcquireAsync(BlobLeaseClient lease, CancellationToken cancellationToken)
    {
        try
        {
            await lease.AcquireAsync(_duration, cancellationToken: cancellationToken);
            return true;
        }
        catch (RequestFailedException fault) when (fault.Status == 409)
        {
            return false;
        }
    }

    /// <summary>Takes over the lease of an earlier session. Its id changes, so that requests of the killed process, should some still be on their way, are refused.</summary>
    private async Task<bool> TakeOverAsync(BlobBaseClient blob, string id, CancellationToken cancellationToken)
    {
        foreach (Guid earlier in _holder.Earlier)
        {
            try
            {
                BlobLeaseClient lease = blob.GetBlobLeaseClient(LeaseHolder.LeaseId(earlier, blob.Uri));
                await lease.ChangeAsync(id, cancellationToken: cancellationToken);
                LogTakenOver(_logger, blob.Name);
                return await AcquireAsync(blob.GetBlobLeaseClient(id), cancellationToken);
            }
            catch (RequestFailedException fault) when (fault.Status is 409 or 412)
            {
                LogNotOfSession(_logger, blob.Name, earlier, fault.ErrorCode);
            }
        }

        return false;
    }

    private async Task RenewAsync()
    {
        using PeriodicTimer timer = new(_duration / 4, _timeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                // Side by side: a machine of many disks on a slow line would not get round in time one after the other.
                ParallelOptions some = new() { MaxDegreeOfParallelism = RenewalsAtOnce };
                await Parallel.ForEachAsync(_held, some, async (pair, _) =>
                {
                    if (!await RenewAsync(pair.Key, pair.Value))
                        await _lost.CancelAsync();
                });
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            LogRenewalEnded(_logger);
        }
        catch
        {
            await _lost.CancelAsync();
            throw;
        }
    }

    /// <summary>False when the lease is lost or may have run out.</summary>
    private async Task<bool> RenewAsync(Uri blob, HeldLease held)
    {
        long asked = _timeProvider.GetTimestamp();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(_duration / 4);
        try
        {
            await held.Client.RenewAsync(cancellationToken: limit.Token);
            held.RenewedAt = asked;
            return true;
        }
        catch (RequestFailedException fault) when (fault.Status is 404 or 409 or 412)
        {
            LogLost(_logger, blob.AbsolutePath, fault.ErrorCode);
            return false;
        }
        catch (Exception fault) when (!_stop.IsCancellationRequested && VaultErrors.IsStorageFault(fault, _stop.Token))
        {
            LogNotRenewed(_logger, fault, blob.AbsolutePath);
            bool isHeld = _timeProvider.GetElapsedTime(held.RenewedAt) < _duration * 0.75;
            if (!isHeld)
                LogLost(_logger, blob.AbsolutePath, "not renewed in time");
            return isHeld;
        }
    }

    private async Task ReleaseAsync(HeldLease held)
    {
        try
        {
            await held.Client.ReleaseAsync();
        }
        catch (RequestFailedException fault) when (fault.Status is 404 or 409 or 412)
        {
            LogNotOurs(_logger, fault.ErrorCode); // Another took over, or the blob is gone: nothing is left to release.
        }
        catch (Exception fault) when (VaultErrors.IsStorageFault(fault, CancellationToken.None))
        {
            LogNotReleased(_logger, fault, _duration.TotalSeconds);
        }
    }

    private sealed class HeldLease(BlobLeaseClient client, long renewedAt)
    {
        public BlobLeaseClient Client { get; } = client;

        public long RenewedAt { get; set; } = renewedAt;
    }
}
