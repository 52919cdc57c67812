namespace RecoveryOperator.Vault.Verify;

/// <summary>Adds up what several reads compared, and tells it.</summary>
internal sealed class VerifyMeter(IProgress<VerifyProgress>? progress, long totalBytes, long badBlocks)
{
    private readonly Lock _lock = new();
    private long _doneBytes;
    private long _badBlocks = badBlocks;

    public void Add(int disk, long bytes, long bad)
    {
        lock (_lock)
        {
            _doneBytes += bytes;
            _badBlocks += bad;
            progress?.Report(new VerifyProgress(disk, _doneBytes, totalBytes, _badBlocks));
        }
    }
}
