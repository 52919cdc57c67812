using System.Diagnostics;
using System.Globalization;

namespace RecoveryOperator.Benchmarks.Measuring;

/// <summary>Runs a program to its end under <c>/usr/bin/time</c>, which asks the kernel (wait4) what it took.</summary>
internal static class TimedCommand
{
    /// <summary>Runs it.</summary>
    /// <exception cref="InvalidOperationException">It failed; its last output is in the message.</exception>
    public static async Task<ProcessUse> RunAsync(
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment, string folder, CancellationToken cancellationToken)
    {
        string report = Path.Combine(folder, $"time-{Guid.NewGuid():N}");
        ProcessStartInfo start = new("/usr/bin/time", ["-q", "-f", "%U %S %M", "-o", report, .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        Stopwatch watch = Stopwatch.StartNew();
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("/usr/bin/time could not be started: run eng/setup/bench-tools.sh.");
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        double wall = watch.Elapsed.TotalSeconds;
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {Tail(await output + await errors)}");

        string[] figures = (await File.ReadAllTextAsync(report, cancellationToken)).Split(' ', StringSplitOptions.TrimEntries);
        File.Delete(report);
        return new ProcessUse(wall, Number(figures[0]) + Number(figures[1]), (long)Number(figures[2]) * 1024);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static string Tail(string text) => text.Length > 600 ? text[^600..] : text;
}
