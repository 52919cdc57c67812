using System.Text;
using System.Text.RegularExpressions;

namespace RecoveryOperator.EndToEnd.Tests.Chaos;

/// <summary>Follows the log of a part, and tells from it what the part was doing.</summary>
/// <param name="path">The log.</param>
/// <param name="stage">A line that tells a stage; its first group is the stage's name.</param>
internal sealed class PartLog(string path, Regex stage)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(1);

    private long _seenBytes;

    /// <summary>The newest stage in the log: where a dead process was when it died.</summary>
    public string LastStage => stage.Matches(Read(0)) is [.., var last] ? last.Groups[1].Value : "Start";

    /// <summary>Only what comes from now on is waited for.</summary>
    public void Mark() => _seenBytes = File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>Waits for a line behind the mark; returns within about a millisecond of it.</summary>
    /// <returns>False when it did not come in time.</returns>
    public async Task<bool> SeesAsync(Regex line, TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < limit)
        {
            if (File.Exists(path) && new FileInfo(path).Length > _seenBytes && line.IsMatch(Read(_seenBytes)))
                return true;
            await Task.Delay(PollInterval, cancellationToken);
        }

        return false;
    }

    private string Read(long fromBytes)
    {
        if (!File.Exists(path))
            return string.Empty;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = Math.Min(fromBytes, stream.Length);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
