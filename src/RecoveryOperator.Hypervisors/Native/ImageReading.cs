using Microsoft.Win32.SafeHandles;

namespace RecoveryOperator.Hypervisors.Native;

/// <summary>Reads that fill their buffer or fail.</summary>
internal static class ImageReading
{
    /// <summary>Fills the buffer from an offset on.</summary>
    /// <exception cref="EndOfStreamException">The image ends before.</exception>
    public static void ReadWhole(SafeFileHandle image, Span<byte> buffer, long offsetBytes)
    {
        while (buffer.Length > 0)
        {
            var count = RandomAccess.Read(image, buffer, offsetBytes);
            if (count == 0)
            {
                throw new EndOfStreamException($"The image ends at byte {offsetBytes}: it was cut while it was read.");
            }

            buffer = buffer[count..];
            offsetBytes += count;
        }
    }

    /// <inheritdoc cref="ReadWhole"/>
    public static async ValueTask ReadWholeAsync(
        SafeFileHandle image, Memory<byte> buffer, long offsetBytes, CancellationToken cancellationToken)
    {
        while (buffer.Length > 0)
        {
            var count = await RandomAccess.ReadAsync(image, buffer, offsetBytes, cancellationToken);
            if (count == 0)
            {
                throw new EndOfStreamException($"The image ends at byte {offsetBytes}: it was cut while it was read.");
            }

            buffer = buffer[count..];
            offsetBytes += count;
        }
    }
}
