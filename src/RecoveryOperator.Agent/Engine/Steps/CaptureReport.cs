using RecoveryOperator.DataPath.Capture;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Progress on the caller's own thread; <see cref="Progress{T}"/> would reorder it.</summary>
internal sealed class CaptureReport(Action<CaptureProgress> report) : IProgress<CaptureProgress>
{
    public void Report(CaptureProgress value) => report(value);
}

/// <summary>Counts disk content that was read.</summary>
internal static class ReadMeter
{
    public static void Count(ProtectionContext context, long readBytes)
    {
        if (readBytes <= 0)
            return;
        context.Count(progress => progress with { ReadBytesTotal = progress.ReadBytesTotal + readBytes });
        context.Metrics.Read(readBytes);
    }
}
