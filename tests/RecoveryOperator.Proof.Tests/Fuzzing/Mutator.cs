using System.Buffers.Binary;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>Changes valid bytes: flipped bits, cuts, length fields at their extremes, parts moved, parts of other valid inputs put in.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> corpus)
{
    private static readonly long[] Extremes =
    [
        0, 1, -1, 2, 7, 127, 128, 255, 256, 511, 512, 32767, 32768, 65535, 65536, 65537, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32,
        long.MaxValue, long.MinValue, long.MaxValue - 65535, 1L << 40, 1L << 62,
    ];

    /// <summary>Bytes that are seldom valid, made from one of the corpus by one to four changes.</summary>
    public byte[] Next()
    {
        byte[] bytes = [.. corpus[random.Next(corpus.Count)]];
        for (int changes = random.Next(1, 5); changes > 0; changes--)
            bytes = Change(bytes);
        return bytes;
    }

    private byte[] Change(byte[] bytes)
    {
        if (bytes.Length == 0)
            return [.. corpus[random.Next(corpus.Count)]];
        int at = random.Next(bytes.Length);
        int length = random.Next(1, Math.Min(bytes.Length - at, 64) + 1);
        switch (random.Next(10))
        {
            case 0:
            case 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 3:
            case 4:
                return WriteNumber(bytes, at);
            case 5:
                return bytes[..at];
            case 6:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 7:
                return [.. bytes[..at], .. bytes.AsSpan(at, length), .. bytes[at..]];
            case 8:
                bytes.AsSpan(at, length).Fill((byte)(random.Next(2) * 0xFF));
                return bytes;
            default:
                return Splice(bytes, at);
        }
    }

    private byte[] WriteNumber(byte[] bytes, int at)
    {
        int width = 1 << random.Next(1, 4);
        int place = Math.Max(0, Math.Min(random.Next(2) == 0 ? at : at / width * width, bytes.Length - width));
        if (bytes.Length < width)
            return bytes;

        long value = Extremes[random.Next(Extremes.Length)];
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, value);
        if (random.Next(2) == 0)
            number[..width].Reverse();
        number[..width].CopyTo(bytes.AsSpan(place));
        return bytes;
    }

    private byte[] Splice(byte[] bytes, int at)
    {
        byte[] other = corpus[random.Next(corpus.Count)];
        int from = random.Next(other.Length + 1);
        int length = random.Next(other.Length - from + 1);
        return random.Next(2) == 0
            ? [.. bytes[..at], .. other.AsSpan(from, length)]
            : [.. bytes[..at], .. other.AsSpan(from, length), .. bytes[Math.Min(bytes.Length, at + length)..]];
    }
}
