namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>Disk contents that are made of all kinds of blocks.</summary>
public static class DiskContent
{
    /// <summary>Blocks that are zero, incompressible, compressible, or zero but for one byte, in random runs.</summary>
    public static byte[] Mixed(Random random, int sizeBytes)
    {
        byte[] content = new byte[sizeBytes];
        for (int start = 0; start < sizeBytes;)
        {
            int length = Math.Min(random.Next(1, 9) * BlockSize.Bytes, sizeBytes - start);
            Fill(random, content.AsSpan(start, length));
            start += length;
        }

        return content;
    }

    public static byte[] Random(int seed, int sizeBytes)
    {
        byte[] content = new byte[sizeBytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static void Fill(Random random, Span<byte> run)
    {
        switch (random.Next(4))
        {
            case 0:
                break;
            case 1:
                random.NextBytes(run);
                break;
            case 2:
                run.Fill((byte)random.Next(1, 256));
                break;
            default:
                run[random.Next(run.Length)] = 1;
                break;
        }
    }
}
