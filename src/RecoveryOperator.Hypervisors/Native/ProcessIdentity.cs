using System.Globalization;

namespace RecoveryOperator.Hypervisors.Native;

/// <summary>
/// Names one process for ever: a process id alone is reused, together with its start time and the boot it is not.
/// </summary>
/// <param name="ProcessId">Process id.</param>
/// <param name="StartTicks">Start time in clock ticks since boot (field 22 of <c>/proc/PID/stat</c>).</param>
/// <param name="BootId">The kernel's id of this boot.</param>
internal sealed record ProcessIdentity(int ProcessId, long StartTicks, string BootId)
{
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Identity of the living process with this id; null when there is none (a zombie counts as dead).</summary>
    public static ProcessIdentity? OfLiving(int processId)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/stat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No such process: that is the answer, not an error. A process that ends while it is read gives ESRCH.
            return null;
        }

        // The second field is the program's name in parentheses and may hold anything: fields are counted from the last parenthesis.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" or "x"
            ? null
            : new ProcessIdentity(processId, long.Parse(fields[19], CultureInfo.InvariantCulture), File.ReadAllText(BootIdPath).Trim());
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; null when it is not that.</summary>
    public static ProcessIdentity? Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 3
            && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId) && processId > 1
            && long.TryParse(lines[1], CultureInfo.InvariantCulture, out var startTicks)
            ? new ProcessIdentity(processId, startTicks, lines[2])
            : null;
    }

    /// <summary>True while the very process lives.</summary>
    public bool IsAlive() => OfLiving(ProcessId) == this;

    /// <summary>Three lines: process id, start time, boot id.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ProcessId}\n{StartTicks}\n{BootId}\n");
}
