using System.Diagnostics;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>The repository's own scripts.</summary>
internal static class Scripts
{
    public static string Root { get; } = FindRoot();

    public static string Cache { get; } = Environment.GetEnvironmentVariable("RECOVERY_OPERATOR_CACHE")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "recovery-operator");

    /// <summary>Runs a script under <c>eng</c>; its standard output.</summary>
    /// <exception cref="InvalidOperationException">It failed; what it said on standard error stands on the console.</exception>
    public static Task<string> RunAsync(string script, string[] arguments, CancellationToken cancellationToken) =>
        RunAsync(new Dictionary<string, string>(), script, arguments, cancellationToken);

    /// <summary>The same, with variables in its environment.</summary>
    public static async Task<string> RunAsync(
        IReadOnlyDictionary<string, string> environment, string script, string[] arguments, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new("bash", [Path.Combine(Root, "eng", script), .. arguments]) { RedirectStandardOutput = true };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("bash could not be started.");
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? output.Trim()
            : throw new InvalidOperationException($"eng/{script} {string.Join(' ', arguments)} ended with {process.ExitCode}: see above.");
    }

    /// <summary>A file of plain <c>NAME=value</c> lines.</summary>
    public static Dictionary<string, string> ReadSettings(string path) => File.ReadAllLines(path)
        .Where(line => line.Contains('=', StringComparison.Ordinal))
        .ToDictionary(line => line[..line.IndexOf('=', StringComparison.Ordinal)], line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RecoveryOperator.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The benchmark must run from within the repository: its scripts start the servers.");
    }
}
