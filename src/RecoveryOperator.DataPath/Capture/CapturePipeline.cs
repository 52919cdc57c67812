using System.Threading.Channels;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>
/// One run: a producer starts chunks in the order of their offsets, a consumer takes them in the same order. The slots
/// bound the chunks between the two, and with them the memory.
/// </summary>
internal sealed class CapturePipeline(ChunkReader chunks, int slotCount) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(slotCount);
    private readonly Channel<Task<CapturedChunk>> _order = Channel.CreateBounded<Task<CapturedChunk>>(
        new BoundedChannelOptions(slotCount) { SingleReader = true, SingleWriter = true });

    /// <summary>Bytes of all extents that were taken in so far.</summary>
    public long ExtentBytes { get; private set; }

    /// <summary>End of the last extent that was taken in.</summary>
    public long EndBytes { get; private set; }

    /// <summary>Captures all extents. However it ends, no read is under way and no buffer is held when it does.</summary>
    public async Task RunAsync(
        IAsyncEnumerable<Extent> extents, Func<CapturedChunk, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task producing = ProduceAsync(extents, stop.Token);
        try
        {
            await foreach (Task<CapturedChunk> reading in _order.Reader.ReadAllAsync(stop.Token))
                await ConsumeAsync(reading, write, stop.Token);
        }
        catch
        {
            await stop.CancelAsync();
            await producing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await DrainAsync();
            throw;
        }

        await producing;
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private async Task ProduceAsync(IAsyncEnumerable<Extent> extents, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Extent extent in extents.WithCancellation(cancellationToken))
            {
                ExtentBytes += extent.LengthBytes;
                EndBytes = extent.EndBytes;
                for (long start = extent.OffsetBytes; start < extent.EndBytes; start += MaxRecordContentBytes)
                    await StartAsync(new Extent(start, Math.Min(MaxRecordContentBytes, extent.EndBytes - start)), cancellationToken);
            }
        }
        finally
        {
            // The error, if any, is this task's: the consumer takes what was read before it, then awaits the task.
            _order.Writer.Complete();
        }
    }

    private async ValueTask StartAsync(Extent range, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        Task<CapturedChunk> reading = Task.Run(() => chunks.ReadAsync(range, cancellationToken), CancellationToken.None);

        // Never waits: there are as many places as slots.
        await _order.Writer.WriteAsync(reading, CancellationToken.None);
    }

    private async ValueTask ConsumeAsync(
        Task<CapturedChunk> reading, Func<CapturedChunk, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        using (CapturedChunk chunk = await reading)
            await write(chunk, cancellationToken);
        _slots.Release();
    }

    private async Task DrainAsync()
    {
        await foreach (Task<CapturedChunk> reading in _order.Reader.ReadAllAsync(CancellationToken.None))
        {
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (reading.IsCompletedSuccessfully)
                (await reading).Dispose();
        }
    }
}
