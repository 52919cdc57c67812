namespace RecoveryOperator.DataPath.Spool;

/// <summary>A segment's file under its unfinished name.</summary>
internal sealed class PartialSpoolFile : ISpoolFile
{
    /// <summary>Joins the small parts of a record into one write.</summary>
    private const int BufferLengthBytes = 128 * 1024;

    private readonly string _partialPath;
    private readonly FileStream _stream;
    private readonly bool _durable;
    private bool _sealed;

    public PartialSpoolFile(string path, bool durable)
    {
        _durable = durable;
        Path = path;
        _partialPath = path + SegmentFileName.PartialSuffix;
        _stream = new FileStream(_partialPath, FileMode.Create, FileAccess.Write, FileShare.None, BufferLengthBytes, FileOptions.None);
    }

    public string Path { get; }

    public Stream Content => _stream;

    public async ValueTask SealAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _stream.Flush(flushToDisk: _durable);
        await _stream.DisposeAsync();
        File.Move(_partialPath, Path, overwrite: false);
        _sealed = true;
        if (_durable)
            DurableFolder.Flush(System.IO.Path.GetDirectoryName(Path)!);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _stream.DisposeAsync();
        }
        finally
        {
            if (!_sealed)
                File.Delete(_partialPath);
        }
    }
}
