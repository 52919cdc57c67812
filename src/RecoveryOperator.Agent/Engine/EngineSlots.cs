namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// Bounds memory and load over all protections of a host (P9): a capture holds about 32 MiB, an upload one segment of up to 17 MiB.
/// </summary>
/// <param name="captures">Machines that are cut at once, from 1.</param>
/// <param name="uploads">Segments in memory at once, from 1.</param>
public sealed class EngineSlots(int captures, int uploads) : IDisposable
{
    private readonly SemaphoreSlim _captures = new(captures);
    private readonly SemaphoreSlim _uploads = new(uploads);

    /// <summary>Waits for the right to cut a machine; taken before its snapshot is opened, so that none is open while it waits.</summary>
    public Task<IDisposable> CaptureAsync(CancellationToken cancellationToken) => TakeAsync(_captures, cancellationToken);

    /// <summary>Waits for the right to hold a segment in memory.</summary>
    public Task<IDisposable> UploadAsync(CancellationToken cancellationToken) => TakeAsync(_uploads, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _captures.Dispose();
        _uploads.Dispose();
    }

    private static async Task<IDisposable> TakeAsync(SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        return new Slot(slots);
    }

    private sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }
}
