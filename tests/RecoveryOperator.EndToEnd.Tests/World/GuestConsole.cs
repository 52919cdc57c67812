using System.Globalization;
using System.Text.RegularExpressions;

namespace RecoveryOperator.EndToEnd.Tests.World;

/// <summary>What a recovered guest found on its disks.</summary>
/// <param name="First">Heartbeats 1 to this one are whole on the first disk.</param>
/// <param name="Second">The same of the second disk.</param>
/// <param name="Holes">Heartbeats missing or damaged below the highest one.</param>
internal sealed record RecoveredHeartbeat(long First, long Second, long Holes);

/// <summary>The console log of the guest on one host.</summary>
internal sealed partial class GuestConsole(string path)
{
    /// <summary>Number of the last heartbeat that was begun; 0 before the first.</summary>
    public long LastWrite => Last(WriteLine());

    /// <summary>Number of the last heartbeat that is on both disks; 0 before the first.</summary>
    public long LastBeat => Last(BeatLine());

    /// <summary>What the guest found when it last came up, or null when it did not yet.</summary>
    public RecoveredHeartbeat? Recovered => RecoveredLine().Matches(Text()) is [.., var line]
        ? new(Number(line, 1), Number(line, 2), Number(line, 3))
        : null;

    private string Text()
    {
        if (!File.Exists(path))
            return string.Empty;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private long Last(Regex line) => line.Matches(Text()) is [.., var last] ? Number(last, 1) : 0;

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^WRITE n=(\d+)\r?$", RegexOptions.Multiline)]
    private static partial Regex WriteLine();

    [GeneratedRegex(@"^BEAT n=(\d+) ", RegexOptions.Multiline)]
    private static partial Regex BeatLine();

    [GeneratedRegex(@"^RECOVERED vda=(\d+) vdb=(\d+) holes=(\d+)\r?$", RegexOptions.Multiline)]
    private static partial Regex RecoveredLine();
}
