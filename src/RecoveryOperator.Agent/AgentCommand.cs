using RecoveryOperator.Agent.Enrolment;
using RecoveryOperator.Agent.Hosting;
using RecoveryOperator.Agent.HostRole;
using RecoveryOperator.Agent.VaultCommands;
using RecoveryOperator.Agent.VaultRole;
using RecoveryOperator.Hypervisors.Images.Guest;
using RecoveryOperator.Hypervisors.Libvirt.Guard;

namespace RecoveryOperator.Agent;

/// <summary>The command line: the first argument is the role.</summary>
public static class AgentCommand
{
    private const int UsageExitCode = 2;

    private const string Usage = """
        Usage: recovery-agent <role> [--config FILE] [--Section:Name VALUE ...]

          host           replicates the virtual machines of this host, and brings replicas up on it
          enroll         gets this host's certificate from the operator: --token-file FILE [--config FILE]
          vault          applies what the hosts shipped to the replicas in the vault
          vault COMMAND  reads a vault without a cluster: list, points, verify, restore, apply, pin, unpin (vault --help)
          guard          ends open snapshots when the host role cannot; started by it, never by hand
          images-guest   is a "running" machine of the Images driver: --directory DIR [--interval-ms N]

        Settings: FILE (JSON), environment (RECOVERY_AGENT_Section__Name), command line; the later wins.
        """;

    /// <summary>Runs a role until it is told to stop.</summary>
    /// <returns>Exit code: 0 ended, 1 failed, 2 wrong arguments or settings.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            return arguments switch
            {
                ["host", .. var rest] => await RunHostAsync(rest),
                ["enroll", .. var rest] => await EnrollCommand.RunAsync(rest),
                ["vault", var command, ..] when VaultCommand.IsCommand(command) => await VaultCommand.RunAsync(arguments, CommandConsole.System),
                ["vault", .. var rest] => await RunAsync(VaultRoleHost.Build(rest)),
                [GuardCommand.Name] => await RunGuardAsync(),
                [HeartbeatGuestCommand.Name, .. var rest] => await HeartbeatGuestCommand.RunAsync(rest, TimeProvider.System),
                _ => await FailAsync(Usage),
            };
        }
        catch (OptionsFailureException fault)
        {
            return await FailAsync(fault.Message);
        }
    }

    /// <summary>A host without a certificate, and with a token, enrols before it listens.</summary>
    private static async Task<int> RunHostAsync(string[] arguments)
    {
        int enrolled = await EnrollCommand.EnsureAsync(arguments);
        return enrolled == 0 ? await RunAsync(HostRoleHost.Build(arguments)) : enrolled;
    }

    private static async Task<int> RunAsync(WebApplication app)
    {
        await using (app)
            await app.RunAsync();
        return 0;
    }

    /// <summary>Standard output belongs to its answers.</summary>
    private static async Task<int> RunGuardAsync()
    {
        using ILoggerFactory logging = LoggerFactory.Create(builder => builder.AddAgentConsole(LogLevel.Trace));
        return await GuardCommand.RunAsync(TimeProvider.System, logging);
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return UsageExitCode;
    }
}
