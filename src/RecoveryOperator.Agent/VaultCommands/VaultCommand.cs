using System.CommandLine;
using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>
/// <c>recovery-agent vault COMMAND</c>: what a person does with a vault when there is no cluster (docs/recovery-without-a-cluster.md). Needs the storage account and nothing else.
/// </summary>
internal static class VaultCommand
{
    /// <summary>Exit code: it failed.</summary>
    public const int Failed = 1;

    /// <summary>Exit code: wrong arguments or settings.</summary>
    public const int Usage = 2;

    /// <summary>Exit code: what was read is not what the source read.</summary>
    public const int Damaged = 3;

    /// <summary>Exit code: interrupted.</summary>
    public const int Interrupted = 130;

    private static readonly string[] _commands = ["list", "points", "verify", "restore", "apply", "pin", "unpin", "--help", "-h", "-?", "help"];

    /// <summary>Time that an interrupted command has to remove what it wrote in part.</summary>
    private static readonly TimeSpan _cleanUpTime = TimeSpan.FromSeconds(20);

    /// <summary>Whether the word behind <c>vault</c> is a command; otherwise the role is meant.</summary>
    public static bool IsCommand(string word) => _commands.Contains(word);

    /// <summary>Runs a command.</summary>
    /// <param name="arguments">All arguments, <c>vault</c> first.</param>
    /// <param name="console">Where it writes.</param>
    /// <returns>0 done, 1 failed, 2 wrong arguments or settings, 3 damage found, 130 interrupted.</returns>
    public static async Task<int> RunAsync(string[] arguments, CommandConsole console)
    {
        string[] words = [.. arguments.Select(word => word == "help" ? "--help" : word)];
        ParseResult parsed = Build(console).Parse(words);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
                await console.Error.WriteLineAsync(error.Message);
            await console.Error.WriteLineAsync("See 'recovery-agent vault --help'.");
            return Usage;
        }

        InvocationConfiguration invocation = new()
        {
            Output = console.Output,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = _cleanUpTime,
        };
        try
        {
            return await parsed.InvokeAsync(invocation, CancellationToken.None);
        }
        catch (Exception fault) when (Explain(fault) is { } explained)
        {
            await console.Error.WriteLineAsync(explained.Text);
            return explained.Code;
        }
    }

    private static RootCommand Build(CommandConsole console)
    {
        ConnectionArguments connection = new();
        Command vault = new("vault", "Reads a vault without a cluster: lists machines and points, verifies points, writes their disks to files.");
        connection.AddTo(vault);
        vault.Add(ListCommand.Create(connection, console));
        vault.Add(PointsCommand.Create(connection, console));
        vault.Add(VerifyCommand.Create(connection, console));
        vault.Add(RestoreCommand.Create(connection, console));
        vault.Add(ApplyCommand.Create(connection, console));
        vault.Add(PinCommand.CreatePin(connection, console));
        vault.Add(PinCommand.CreateUnpin(connection, console));
        return new RootCommand("The Recovery Operator's agent.") { vault };
    }

    /// <summary>What a person is told. Anything else is a fault of this program, and shows itself with its stack.</summary>
    private static (string Text, int Code)? Explain(Exception fault) => fault switch
    {
        OptionsFailureException settings => (settings.Message, Usage),
        CommandFailedException failed => (failed.Message, Failed),
        VaultException vault => ($"{vault.Message} {vault.Remedy}", vault.Fault == VaultFault.Damaged ? Damaged : Failed),
        OperationCanceledException => ("Interrupted. Nothing is left that looks finished.", Interrupted),
        IOException or UnauthorizedAccessException => ($"{fault.Message} Check the folder, its rights and its free space.", Failed),
        _ => null,
    };
}
