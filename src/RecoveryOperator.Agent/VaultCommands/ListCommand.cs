using System.CommandLine;
using System.Globalization;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary><c>vault list</c>: all protected machines of the account.</summary>
internal static class ListCommand
{
    public static Command Create(ConnectionArguments connection, CommandConsole console)
    {
        Command command = new("list", "Lists all protected machines of the account.");
        command.SetAction(async (arguments, token) => await RunAsync(new MachineFinder(connection.Open(arguments)), console, token));
        return command;
    }

    private static async Task<int> RunAsync(MachineFinder finder, CommandConsole console, CancellationToken cancellationToken)
    {
        IReadOnlyList<VaultMachine> machines = await finder.ListAsync(cancellationToken);
        console.WriteTable(
            ["NAME", "CLUSTER", "MACHINE", "NEWEST POINT", "POINTS", "VERIFIED", "STATE", "ID"],
            [.. machines.Select(machine => new[]
            {
                machine.Name,
                machine.Vm?.Cluster ?? "?",
                machine.Vm?.MachineName ?? "?",
                ByteText.Of(machine.Applied?.LatestPoint?.Instant),
                machine.Applied?.PointCount.ToString(CultureInfo.InvariantCulture) ?? "?",
                ByteText.Of(machine.Applied?.Verified?.At),
                machine.State,
                machine.Id.ToString(),
            })]);
        return 0;
    }
}
