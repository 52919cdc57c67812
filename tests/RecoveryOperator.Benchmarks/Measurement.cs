using System.Diagnostics;
using System.Globalization;

namespace RecoveryOperator.Benchmarks;

/// <summary>One line of the table.</summary>
internal sealed record Measurement(string Name, TimeSpan Time, long DiskBytes, long AllocatedBytes, string Note)
{
    public static async Task<Measurement> TakeAsync(string name, long diskBytes, Func<Task<string>> work)
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        Stopwatch watch = Stopwatch.StartNew();
        string note = await work();
        return new Measurement(name, watch.Elapsed, diskBytes, GC.GetTotalAllocatedBytes(precise: true) - allocated, note);
    }

    public static string Header => $"{"what",-34}{"seconds",9}{"MiB/s",9}{"allocated MiB",15}  note";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name,-34}{Time.TotalSeconds,9:F2}{DiskBytes / 1048576.0 / Time.TotalSeconds,9:F0}{AllocatedBytes / 1048576.0,15:F1}  {Note}");
}
