using System.CommandLine;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary><c>vault points VM</c>: a machine's recovery points, newest first.</summary>
internal static class PointsCommand
{
    public static Command Create(ConnectionArguments connection, CommandConsole console)
    {
        Argument<string> machine = CommandArguments.Machine();
        Command command = new("points", "Lists a machine's recovery points, newest first.") { machine };
        command.SetAction(async (arguments, token) =>
        {
            VaultMachine found = await new MachineFinder(connection.Open(arguments)).FindAsync(arguments.GetRequiredValue(machine), token);
            return await RunAsync(found, console, token);
        });
        return command;
    }

    private static async Task<int> RunAsync(VaultMachine machine, CommandConsole console, CancellationToken cancellationToken)
    {
        IReadOnlyList<RecoveryPointDocument> points = await machine.Vault.ListPointsAsync(cancellationToken);
        Dictionary<(long, long), PinRecord> pins = (await machine.Vault.Pins.ReadAsync(cancellationToken)).ToDictionary(pin => (pin.Epoch, pin.Sequence));
        console.WriteTable(
            ["POINT", "TIME", "CONSISTENCY", "STORED", "VERIFIED", "CLOCK", "DISKS", "PINNED"],
            [.. points.Reverse().Select(point => new[]
            {
                $"{point.Epoch}-{point.Sequence}",
                ByteText.Of(point.Instant),
                point.Consistency.ToString(),
                ByteText.Of(point.CreatedAt),
                point.Damage is { } damage ? $"DAMAGED ({damage.BadBlocks} blocks, {ByteText.Of(damage.FoundAt)})" : point.VerifiedAt is { } at ? ByteText.Of(at) : "never",
                point.ClockSkew ? "skewed" : "right",
                string.Join(", ", point.Disks.Select(disk => $"{disk.Target} {ByteText.Of(disk.SizeBytes)}")),
                pins.TryGetValue((point.Epoch, point.Sequence), out PinRecord? pin) ? $"{pin.Reason} ({pin.By})" : "",
            })]);
        await TellWhatWaitsAsync(machine, console, cancellationToken);
        return 0;
    }

    /// <summary>Sets that hosts committed and no vault agent applied are newer points to be.</summary>
    private static async Task TellWhatWaitsAsync(VaultMachine machine, CommandConsole console, CancellationToken cancellationToken)
    {
        if (machine.Applied is { Sealed: true } or { Damage: not null })
            return;
        long epoch = Math.Max(machine.Applied?.Epoch ?? 1, 1);
        if (await machine.Vault.NewestCommittedAsync(epoch, (machine.Applied?.Sequence ?? 0) + 1, cancellationToken) is not StoredSet newest)
            return;

        await console.Error.WriteLineAsync(
            $"Sets up to {newest.Manifest.Epoch}-{newest.Manifest.Sequence} ({ByteText.Of(newest.Manifest.Instant)}) are committed but not applied yet: 'vault apply {machine.Name}' makes points of them.");
    }
}
