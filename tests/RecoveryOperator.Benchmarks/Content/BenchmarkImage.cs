using Microsoft.Win32.SafeHandles;

namespace RecoveryOperator.Benchmarks.Content;

/// <summary>
/// The image that everything is measured on: of each 16 MiB, 8 cannot be compressed, 4 are text and 4 are a hole. Made from a seed alone, so two images of one
/// seed and size are equal.
/// </summary>
internal static class BenchmarkImage
{
    private const int StripeBytes = 4 * 1024 * 1024;

    /// <summary>Makes the image.</summary>
    /// <param name="path">Its file; replaced.</param>
    /// <param name="sizeBytes">A multiple of 16 MiB.</param>
    /// <param name="seed">Decides all content.</param>
    public static void Create(string path, long sizeBytes, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sizeBytes % (4L * StripeBytes), 0);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None);
        RandomAccess.SetLength(file, sizeBytes);
        Random random = new(seed);
        byte[] stripe = new byte[StripeBytes];
        for (long offset = 0; offset < sizeBytes; offset += StripeBytes)
        {
            switch (offset / StripeBytes % 4)
            {
                case 0 or 1:
                    random.NextBytes(stripe);
                    break;
                case 2:
                    TextContent.Fill(stripe, random);
                    break;
                default:
                    continue;
            }

            RandomAccess.Write(file, stripe, offset);
        }

        RandomAccess.FlushToDisk(file);
    }
}
