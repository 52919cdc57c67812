using System.Globalization;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Win32.SafeHandles;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks.Tools;

/// <summary>
/// A bare client: writes given ranges of a file to a page blob, a number of requests in flight, and nothing else. What the storage takes from it is what it can take.
/// </summary>
internal static class PageWriteCommand
{
    public const string Name = "write-pages";

    private const int MaxWriteBytes = 4 * 1024 * 1024;

    /// <param name="arguments">Blob with a SAS, image, file of ranges (a line <c>offset length</c> each), requests in flight.</param>
    public static async Task RunAsync(string[] arguments)
    {
        PageBlobClient blob = new(new Uri(arguments[0]));
        using SafeFileHandle image = File.OpenHandle(arguments[1]);
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = int.Parse(arguments[3], CultureInfo.InvariantCulture) };
        await Parallel.ForEachAsync(Pieces(arguments[2]), parallel, async (piece, token) =>
        {
            byte[] content = System.Buffers.ArrayPool<byte>.Shared.Rent((int)piece.LengthBytes);
            RandomAccess.Read(image, content.AsSpan(0, (int)piece.LengthBytes), piece.OffsetBytes);
            using MemoryStream stream = new(content, 0, (int)piece.LengthBytes, writable: false);
            await blob.UploadPagesAsync(stream, piece.OffsetBytes, cancellationToken: token);
            System.Buffers.ArrayPool<byte>.Shared.Return(content);
        });
    }

    private static IEnumerable<Extent> Pieces(string path)
    {
        foreach (string line in File.ReadLines(path))
        {
            string[] parts = line.Split(' ');
            Extent range = new(long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
            for (long offset = range.OffsetBytes; offset < range.EndBytes; offset += MaxWriteBytes)
                yield return new Extent(offset, Math.Min(MaxWriteBytes, range.EndBytes - offset));
        }
    }
}
