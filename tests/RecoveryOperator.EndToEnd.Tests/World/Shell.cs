using System.Diagnostics;

namespace RecoveryOperator.EndToEnd.Tests.World;

/// <summary>What a command said.</summary>
/// <param name="ExitCode">0: it went well.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
internal sealed record ShellResult(int ExitCode, string Output, string Error);

/// <summary>Runs commands, with the programs of this build.</summary>
internal static class Shell
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);

    /// <summary>Folder of the built servers, kubectl and the guest image.</summary>
    public static string Cache { get; } = Environment.GetEnvironmentVariable("RECOVERY_OPERATOR_CACHE")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "recovery-operator");

    /// <summary>Runs a command to its end.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message quotes it and its output.</exception>
    public static async Task<string> RunAsync(string command, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var result = await TryAsync(command, arguments, null, cancellationToken);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(
            $"'{Path.GetFileName(command)} {string.Join(' ', arguments)}' ended with {result.ExitCode}: {result.Output.Trim()} {result.Error.Trim()}");
    }

    /// <summary>Runs a command to its end, whatever its exit code; it is killed after six minutes.</summary>
    public static async Task<ShellResult> TryAsync(
        string command, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["RECOVERY_OPERATOR_CONFIGURATION"] = Build.Configuration;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{command} could not be started.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
