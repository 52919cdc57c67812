using System.Diagnostics;

namespace RecoveryOperator.Operator.Tests.Fixtures;

/// <summary>Prometheus' own tool for rules.</summary>
internal static class Promtool
{
    /// <summary>Runs it; its output.</summary>
    /// <exception cref="InvalidOperationException">It is not there, or found something wrong.</exception>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        var token = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("promtool", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("promtool could not be started: run eng/setup/packages.sh monitoring.");
        var output = process.StandardOutput.ReadToEndAsync(token);
        var error = process.StandardError.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);
        var said = await output + await error;
        return process.ExitCode == 0 ? said : throw new InvalidOperationException($"promtool {string.Join(' ', arguments)} ended with {process.ExitCode}: {said}");
    }
}
