using System.Diagnostics;

namespace RecoveryOperator.Agent.Tests.VaultCommands;

/// <summary>The agent's binary, run as a person runs it.</summary>
internal static class AgentProcess
{
    public static Process Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        StartProgram("dotnet", [Path.Combine(AppContext.BaseDirectory, "recovery-agent.dll"), .. arguments], environment);

    public static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) => EndAsync(Start(arguments));

    public static Task<(int ExitCode, string Output, string Error)> RunToolAsync(string program, params string[] arguments) =>
        EndAsync(StartProgram(program, arguments, null));

    public static async Task<(int ExitCode, string Output, string Error)> EndAsync(Process process)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(token);
            Task<string> error = process.StandardError.ReadToEndAsync(token);
            await process.WaitForExitAsync(token);
            return (process.ExitCode, await output, await error);
        }
    }

    private static Process StartProgram(string program, string[] arguments, IReadOnlyDictionary<string, string>? environment)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started.");
    }
}
