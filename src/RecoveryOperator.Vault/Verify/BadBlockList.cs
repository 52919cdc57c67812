using RecoveryOperator.DataPath;

namespace RecoveryOperator.Vault.Verify;

/// <summary>Bad blocks of one disk: all are counted, the first places are remembered. Thread-safe.</summary>
internal sealed class BadBlockList
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, long> _ranges = [];

    /// <summary>How many there are.</summary>
    public long Blocks { get; private set; }

    public void Add(List<Extent> blocks)
    {
        lock (_lock)
        {
            Blocks += blocks.Count;
            foreach (Extent block in blocks)
                _ranges[block.OffsetBytes] = block.LengthBytes;
            while (_ranges.Count > DiskVerification.MaxBadRanges * 16)
                _ranges.Remove(_ranges.Keys.Last());
        }
    }

    /// <summary>Where they are, adjacent ones as one.</summary>
    public IReadOnlyList<Extent> Ranges()
    {
        lock (_lock)
        {
            List<Extent> merged = [];
            foreach ((long offset, long length) in _ranges)
            {
                if (merged.Count > 0 && merged[^1].EndBytes == offset)
                    merged[^1] = merged[^1] with { LengthBytes = merged[^1].LengthBytes + length };
                else
                    merged.Add(new Extent(offset, length));
            }

            return [.. merged.Take(DiskVerification.MaxBadRanges)];
        }
    }
}
