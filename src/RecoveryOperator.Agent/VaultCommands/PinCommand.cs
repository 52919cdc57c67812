using System.CommandLine;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary><c>vault pin VM</c> and <c>vault unpin VM</c>: keep a point whatever the retention says, and let it go again.</summary>
internal static class PinCommand
{
    public static Command CreatePin(ConnectionArguments connection, CommandConsole console)
    {
        Argument<string> machine = CommandArguments.Machine();
        Option<string> point = CommandArguments.Point();
        Option<string> reason = new("--reason") { Description = "Why it is kept, for whoever reads the list later.", Required = true };
        Command command = new("pin", "Keeps a recovery point, whatever the retention says, until it is unpinned.") { machine, point, reason };
        command.SetAction(async (arguments, token) =>
        {
            PointRequest request = PointRequest.Parse(arguments.GetRequiredValue(point));
            VaultMachine found = await new MachineFinder(connection.Open(arguments)).FindAsync(arguments.GetRequiredValue(machine), token);
            RecoveryPointDocument wanted = await request.FindAsync(found, token);
            PinRecord pin = new(wanted.Epoch, wanted.Sequence, arguments.GetRequiredValue(reason), $"{Environment.UserName}@{Environment.MachineName}", console.Time.GetUtcNow());
            if (!await found.Vault.Pins.PinAsync(pin, token))
                throw new CommandFailedException($"Point {VerificationText.Of(wanted)} of {found.Name} was pruned just now: choose another with 'vault points {found.Name}'.");
            await console.Output.WriteLineAsync($"Point {VerificationText.Of(wanted)} of {found.Name} is pinned.");
            return 0;
        });
        return command;
    }

    public static Command CreateUnpin(ConnectionArguments connection, CommandConsole console)
    {
        Argument<string> machine = CommandArguments.Machine();
        Option<string> point = new("--point") { Description = "EPOCH-SEQUENCE of the pinned point.", Required = true };
        Command command = new("unpin", "Lets retention have a pinned point again.") { machine, point };
        command.SetAction(async (arguments, token) =>
        {
            string place = arguments.GetRequiredValue(point);
            VaultMachine found = await new MachineFinder(connection.Open(arguments)).FindAsync(arguments.GetRequiredValue(machine), token);
            IReadOnlyList<PinRecord> pins = await found.Vault.Pins.ReadAsync(token);
            PinRecord pin = pins.FirstOrDefault(candidate => $"{candidate.Epoch}-{candidate.Sequence}" == place) ?? throw new CommandFailedException(
                $"{found.Name} has no pinned point '{place}'. Pinned are: {(pins.Count == 0 ? "none" : string.Join(", ", pins.Select(other => $"{other.Epoch}-{other.Sequence}")))}.");
            await found.Vault.Pins.UnpinAsync(pin.Epoch, pin.Sequence, token);
            await console.Output.WriteLineAsync($"Point {place} of {found.Name} is not pinned any more.");
            return 0;
        });
        return command;
    }
}
