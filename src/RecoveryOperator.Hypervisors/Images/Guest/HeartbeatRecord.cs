using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace RecoveryOperator.Hypervisors.Images.Guest;

/// <summary>One numbered, checksummed sector: <c>HB n unix-time md5</c>, a line feed, zeros up to 512 bytes.</summary>
public static class HeartbeatRecord
{
    /// <summary>Bytes of a record.</summary>
    public const int LengthBytes = 512;

    /// <summary>Writes record <paramref name="number"/> into 512 bytes.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="unixSeconds">Time in seconds since 1970.</param>
    /// <param name="sector">512 bytes.</param>
    public static void Write(long number, long unixSeconds, Span<byte> sector)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sector.Length, LengthBytes);
        var text = string.Create(CultureInfo.InvariantCulture, $"HB {number} {unixSeconds}");
        sector.Clear();
        Encoding.ASCII.GetBytes($"{text} {Digest(text)}\n", sector);
    }

    /// <summary>True when the 512 bytes hold exactly record <paramref name="number"/>, undamaged.</summary>
    public static bool IsValid(long number, ReadOnlySpan<byte> sector)
    {
        var end = sector.IndexOf((byte)'\n');
        if (end < 0 || sector[(end + 1)..].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        var fields = Encoding.ASCII.GetString(sector[..end]).Split(' ');
        return fields.Length == 4
            && fields[0] == "HB"
            && fields[1] == number.ToString(CultureInfo.InvariantCulture)
            && fields[3] == Digest($"HB {fields[1]} {fields[2]}");
    }

    // MD5 guards against torn and misplaced sectors, not against people; the guests of every driver write it, with what a shell has.
#pragma warning disable CA5351
    private static string Digest(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.ASCII.GetBytes(text)));
#pragma warning restore CA5351
}
