using System.Globalization;
using System.Text;

namespace RecoveryOperator.Benchmarks.Measuring;

/// <summary>What a running process took so far, from <c>/proc</c>.</summary>
internal static class ProcessReading
{
    private const double TicksPerSecond = 100; // USER_HZ, the unit of /proc/PID/stat on every Linux.

    /// <summary>CPU time, in seconds, in steps of 10 ms.</summary>
    public static double CpuSeconds(int processId)
    {
        string stat = File.ReadAllText($"/proc/{processId}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Largest resident set.</summary>
    public static long PeakMemoryBytes(int processId)
    {
        string line = File.ReadLines($"/proc/{processId}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Processes whose program has this file name and one of whose arguments is, or holds, this text.</summary>
    public static IReadOnlyList<int> Find(string program, string argument) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out int id) ? id : 0)
            .Where(id => id > 0 && Matches(id, program, argument)),
    ];

    /// <summary>Direct children of a process.</summary>
    public static IReadOnlyList<int> Children(int processId) =>
    [
        .. File.ReadAllText($"/proc/{processId}/task/{processId}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
    ];

    private static bool Matches(int processId, string program, string argument)
    {
        try
        {
            string[] command = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{processId}/cmdline")).Split('\0');
            return Path.GetFileName(command[0]) == program && command.Any(part => part.Contains(argument, StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return false; // It ended while the list was read.
        }
    }
}
