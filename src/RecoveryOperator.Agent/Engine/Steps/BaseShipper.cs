using System.Threading.Channels;
using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>
/// Ships the segments of an initial copy beside the capture: uploads run in parallel, but segments are taken note of in order, so what is
/// recorded has no gaps. A file goes when its segment is recorded.
/// </summary>
internal sealed class BaseShipper : IAsyncDisposable
{
    private readonly ProtectionContext _context;
    private readonly SemaphoreSlim _progress = new(0);
    private readonly CancellationTokenSource _cancellation;
    private readonly Channel<(Task Upload, Action Record, long LengthBytes)> _order;
    private readonly Task _recorder;
    private int _backlog;
    private long _pendingBytes;

    public BaseShipper(ProtectionContext context, CancellationToken cancellationToken)
    {
        _context = context;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Bounded by the callers, who wait while the backlog is above twice the concurrency.
        _order = Channel.CreateUnbounded<(Task, Action, long)>(new UnboundedChannelOptions { SingleReader = true });
        _recorder = RecordAllAsync();
    }

    /// <summary>The capture waits while more segments than this are not recorded.</summary>
    public int MaxBacklog => 2 * _context.Limits.Concurrency;

    /// <summary>Begins to ship a segment; does not wait for it.</summary>
    public void Add(SpooledSegment file, BaseSegment segment)
    {
        Interlocked.Increment(ref _backlog);
        _context.ShowPending(Interlocked.Add(ref _pendingBytes, segment.LengthBytes));
        _order.Writer.TryWrite((SegmentUpload.RunAsync(_context, file, segment.Blob, _cancellation.Token), () => Record(file, segment), segment.LengthBytes));
    }

    /// <summary>Takes note of something when all segments so far are recorded; does not wait for it.</summary>
    public void AddMark(Action record)
    {
        Interlocked.Increment(ref _backlog);
        _order.Writer.TryWrite((Task.CompletedTask, record, 0));
    }

    /// <summary>Waits until the backlog is short enough.</summary>
    /// <param name="giveUp">Asked four times a second; true ends the waiting.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>False when <paramref name="giveUp"/> ended it.</returns>
    public async Task<bool> WaitForRoomAsync(Func<bool> giveUp, CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _backlog) > MaxBacklog)
        {
            await ThrowIfFailedAsync();
            if (giveUp())
                return false;
            await _progress.WaitAsync(TimeSpan.FromMilliseconds(250), cancellationToken);
        }

        await ThrowIfFailedAsync();
        return true;
    }

    /// <summary>Waits until all segments so far are recorded.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _backlog) > 0)
        {
            await ThrowIfFailedAsync();
            await _progress.WaitAsync(TimeSpan.FromMilliseconds(250), cancellationToken);
        }

        await ThrowIfFailedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _cancellation.CancelAsync();
        _order.Writer.TryComplete();
        await ((Task)_recorder).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Its failure was thrown to the capture.
        while (_order.Reader.TryRead(out (Task Upload, Action Record, long LengthBytes) item))
            await SettleAsync(item.Upload);
        _context.ShowPending(0);
        _cancellation.Dispose();
        _progress.Dispose();
    }

    private async Task SettleAsync(Task upload)
    {
        try
        {
            await upload;
        }
        catch (OperationCanceledException)
        {
            // Asked for above.
        }
        catch (Exception fault)
        {
            _context.Services.Logger.UploadAbandoned(_context.DisplayName, fault);
        }
    }

    private Task ThrowIfFailedAsync() => _recorder.IsCompleted ? _recorder : Task.CompletedTask;

    private async Task RecordAllAsync()
    {
        await foreach ((Task upload, Action record, long lengthBytes) in _order.Reader.ReadAllAsync(CancellationToken.None))
        {
            await upload;
            record();
            Interlocked.Decrement(ref _backlog);
            _context.ShowPending(Interlocked.Add(ref _pendingBytes, -lengthBytes));
            _progress.Release();
        }
    }

    private void Record(SpooledSegment file, BaseSegment segment)
    {
        _context.Store.AddBaseSegment(_context.Id, segment);
        FileSegmentSpool.Delete(file);
    }
}
