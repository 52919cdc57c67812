namespace RecoveryOperator.Benchmarks.Measuring;

/// <summary>Names of figures that several rows share.</summary>
internal static class Figures
{
    public const string WallSeconds = "wallSeconds";
    public const string CpuSeconds = "cpuSeconds";
    public const string PeakMemoryMiB = "peakMemoryMiB";

    public static Dictionary<string, double> Of(ProcessUse use) => new()
    {
        [WallSeconds] = use.WallSeconds,
        [CpuSeconds] = use.CpuSeconds,
        [PeakMemoryMiB] = use.PeakMemoryBytes / 1048576.0,
    };
}
