using System.Globalization;

namespace RecoveryOperator.Benchmarks.Measuring;

/// <summary>What the figures depend on.</summary>
/// <param name="Processor">Model name.</param>
/// <param name="Processors">Number of them.</param>
/// <param name="MemoryMiB">Memory.</param>
/// <param name="Kernel">Kernel release.</param>
/// <param name="LoadBefore">Load average of the last minute when the row began: what others did on the machine.</param>
internal sealed record MachineFacts(string Processor, int Processors, long MemoryMiB, string Kernel, double LoadBefore)
{
    public static MachineFacts Read() => new(
        Field("/proc/cpuinfo", "model name"),
        Environment.ProcessorCount,
        long.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / 1024,
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture));

    private static string Field(string path, string name) => File.ReadLines(path)
        .FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";
}
