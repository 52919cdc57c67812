using System.Text;

namespace RecoveryOperator.Benchmarks.Content;

/// <summary>Words of a made-up language in lines, as frequent as words are in texts: zstd makes a third of it.</summary>
internal static class TextContent
{
    private const int WordCount = 4096;

    private static readonly byte[][] _words = MakeWords();

    public static void Fill(Span<byte> room, Random random)
    {
        int at = 0;
        while (at < room.Length)
        {
            // The product of two even draws prefers the first words, like the words of a language.
            byte[] word = _words[(int)(random.NextDouble() * random.NextDouble() * WordCount)];
            int length = Math.Min(word.Length, room.Length - at);
            word.AsSpan(0, length).CopyTo(room[at..]);
            at += length;
            if (at < room.Length)
                room[at++] = random.Next(12) == 0 ? (byte)'\n' : (byte)' ';
        }
    }

    private static byte[][] MakeWords()
    {
        Random random = new(1);
        return [.. Enumerable.Range(0, WordCount).Select(_ => Word(random))];
    }

    private static byte[] Word(Random random)
    {
        StringBuilder word = new();
        for (int syllable = random.Next(1, 5); syllable > 0; syllable--)
            word.Append("bdfghklmnprstvz"[random.Next(15)]).Append("aeiou"[random.Next(5)]);
        return Encoding.ASCII.GetBytes(word.ToString());
    }
}
