using System.Buffers;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>The segment that is being written: its file, its hash, its change log. Disposed without being sealed, it leaves nothing.</summary>
internal sealed class OpenSegment : IAsyncDisposable
{
    private readonly string _fileName;
    private readonly ISpoolFile _file;
    private readonly HashingStream _stream;

    private OpenSegment(string fileName, ISpoolFile file, HashingStream stream, ChangeLogWriter log)
    {
        _fileName = fileName;
        _file = file;
        _stream = stream;
        Log = log;
    }

    public ChangeLogWriter Log { get; }

    public static async ValueTask<OpenSegment> CreateAsync(
        ISegmentSpool spool, SegmentHeader header, DataKey? key, ArrayPool<byte> pool, CancellationToken cancellationToken)
    {
        string fileName = SegmentFileName.Format(header.Identity.Disk, header.Identity.Segment);
        ISpoolFile file = await spool.CreateAsync(fileName, cancellationToken);
        HashingStream stream = new(file.Content);
        try
        {
            return new OpenSegment(fileName, file, stream, await ChangeLogWriter.CreateAsync(stream, header, key, pool, cancellationToken));
        }
        catch
        {
            await stream.DisposeAsync();
            await file.DisposeAsync();
            throw;
        }
    }

    public async ValueTask<SpooledSegment> SealAsync(CancellationToken cancellationToken)
    {
        await Log.CompleteAsync(cancellationToken);
        await _file.SealAsync(cancellationToken);
        return new SpooledSegment(_file.Path, _fileName, Log.LengthBytes, _stream.Sha256());
    }

    public async ValueTask DisposeAsync()
    {
        Log.Dispose();
        await _stream.DisposeAsync();
        await _file.DisposeAsync();
    }
}
