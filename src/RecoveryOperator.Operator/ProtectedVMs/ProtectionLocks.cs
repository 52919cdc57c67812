using System.Collections.Concurrent;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// One lock per protection, held while its source is given access and while it is shut out: within one process a fence that a plan sets is never undone
/// by a visit that read the journal before it. Between processes the second revocation before the start does that.
/// </summary>
public sealed class ProtectionLocks
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new();

    /// <summary>Waits for the lock; dispose the result to release it.</summary>
    /// <param name="protectionId">32 hex digits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IDisposable> AcquireAsync(string protectionId, CancellationToken cancellationToken)
    {
        var semaphore = _locks.GetOrAdd(protectionId, _ => new(1, 1));
        await semaphore.WaitAsync(cancellationToken);
        return new Held(semaphore);
    }

    private sealed class Held(SemaphoreSlim semaphore) : IDisposable
    {
        private SemaphoreSlim? _semaphore = semaphore;

        public void Dispose() => Interlocked.Exchange(ref _semaphore, null)?.Release();
    }
}
