using System.Globalization;
using System.Text.RegularExpressions;

namespace RecoveryOperator.DataPath.Spool;

/// <summary>The name of a segment's file and of the last part of its blob's name: <c>disk-0.000000.hrl</c>.</summary>
public static partial class SegmentFileName
{
    /// <summary>How the name of a finished segment ends.</summary>
    public const string Suffix = ".hrl";

    /// <summary>What is added to the name while the segment is written.</summary>
    public const string PartialSuffix = ".partial";

    /// <summary>The name of a segment.</summary>
    public static string Format(int disk, int segment) =>
        string.Create(CultureInfo.InvariantCulture, $"disk-{disk}.{segment:D6}{Suffix}");

    /// <summary>The disk and segment that a name stands for.</summary>
    /// <exception cref="FormatException">The name is not a segment's.</exception>
    public static (int Disk, int Segment) Parse(string fileName)
    {
        Match match = Pattern().Match(fileName);
        return match.Success
            ? (Number(match.Groups[1]), Number(match.Groups[2]))
            : throw new FormatException($"'{fileName}' is not the name of a segment (disk-<n>.<segment, six digits>.hrl).");
    }

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^disk-(\d{1,9})\.(\d{6,9})\.hrl\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
