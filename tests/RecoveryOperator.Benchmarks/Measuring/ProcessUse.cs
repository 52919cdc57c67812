namespace RecoveryOperator.Benchmarks.Measuring;

/// <summary>What a process took.</summary>
/// <param name="WallSeconds">From start to end.</param>
/// <param name="CpuSeconds">User and system time, children that ended included.</param>
/// <param name="PeakMemoryBytes">Largest resident set.</param>
internal sealed record ProcessUse(double WallSeconds, double CpuSeconds, long PeakMemoryBytes);
