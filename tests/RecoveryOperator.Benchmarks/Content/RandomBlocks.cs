using Microsoft.Win32.SafeHandles;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks.Content;

/// <summary>Overwrites blocks of 64 KiB at random places with content that cannot be compressed.</summary>
internal static class RandomBlocks
{
    /// <summary>Chooses blocks; the same seed chooses the same.</summary>
    /// <returns>Their extents, in the disk's order, each of one block.</returns>
    public static IReadOnlyList<Extent> Choose(long sizeBytes, double share, int seed)
    {
        int blocks = (int)(sizeBytes / BlockSize.Bytes);
        int wanted = Math.Max(1, (int)(blocks * share));
        Random random = new(seed);
        int[] all = [.. Enumerable.Range(0, blocks)];
        random.Shuffle(all);
        return [.. all[..wanted].Order().Select(block => new Extent((long)block * BlockSize.Bytes, BlockSize.Bytes))];
    }

    /// <summary>Overwrites them in a file.</summary>
    public static void Overwrite(string path, IEnumerable<Extent> blocks, int seed)
    {
        Random random = new(seed);
        byte[] content = new byte[BlockSize.Bytes];
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        foreach (Extent block in blocks)
        {
            random.NextBytes(content);
            RandomAccess.Write(file, content.AsSpan(0, (int)block.LengthBytes), block.OffsetBytes);
        }

        RandomAccess.FlushToDisk(file);
    }
}
