using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary><c>vault apply VM</c>: makes points of what the host committed, when no vault agent runs.</summary>
internal static class ApplyCommand
{
    private const int SetsAtOnce = 32;

    public static Command Create(ConnectionArguments connection, CommandConsole console)
    {
        Argument<string> machine = CommandArguments.Machine();
        Command command = new("apply", "Makes recovery points of sets that are committed but not applied yet, as the vault role does.") { machine };
        command.SetAction(async (arguments, token) =>
        {
            VaultAccount account = connection.Open(arguments);
            VaultMachine found = await new MachineFinder(account).FindAsync(arguments.GetRequiredValue(machine), token);
            return await RunAsync(account, found, new ReplicaApplierOptions { EncryptionKeys = connection.OpenKeys(arguments) }, console, token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        VaultAccount account, VaultMachine machine, ReplicaApplierOptions options, CommandConsole console, CancellationToken cancellationToken)
    {
        using LeaseHolder holder = LeaseHolder.CreateEphemeral();
        ReplicaApplier applier = new(account, machine.Vault, holder, options, NullLogger<ReplicaApplier>.Instance);
        ApplyResult result;
        int sets = 0;
        do
        {
            result = await applier.ApplyAsync(SetsAtOnce, null, cancellationToken);
            sets += result.SetsApplied;
            if (result.Applied?.LatestPoint is { } latest)
                await console.Error.WriteLineAsync($"{sets} sets applied, newest point {latest.Epoch}-{latest.Sequence} ({ByteText.Of(latest.Instant)}).");
        }
        while (result.Outcome == ApplyOutcome.More);

        return result switch
        {
            { Applied.Damage: { } damage } => throw new CommandFailedException(
                $"Set {damage.Epoch}-{damage.Sequence} is damaged ({damage.Blob}: {damage.Reason}): nothing behind it can be applied. The points before it are whole."),
            { Outcome: ApplyOutcome.LeaseHeld or ApplyOutcome.LeaseLost } => throw new CommandFailedException(
                $"A vault agent works on {machine.Name}: leave it to that one, or stop it and try again in a minute."),
            _ => 0,
        };
    }
}
