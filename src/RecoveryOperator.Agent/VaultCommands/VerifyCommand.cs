using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary><c>vault verify VM</c>: reads all of a point and compares it with what the source read.</summary>
internal static class VerifyCommand
{
    private static readonly TimeSpan _leaseDuration = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    public static Command Create(ConnectionArguments connection, CommandConsole console)
    {
        Argument<string> machine = CommandArguments.Machine();
        Option<string> point = CommandArguments.Point();
        Option<int> reads = CommandArguments.ReadsInFlight();
        Option<bool> record = new("--record") { Description = "Write the result into the vault, so that lists and retention know it. Needs a credential that may write." };
        Command command = new("verify", "Reads all of a recovery point and compares every block with the checksum of what the source read.") { machine, point, reads, record };
        command.SetAction(async (arguments, token) =>
        {
            PointRequest request = PointRequest.Parse(arguments.GetRequiredValue(point));
            VaultAccount account = connection.Open(arguments);
            VaultMachine found = await new MachineFinder(account).FindAsync(arguments.GetRequiredValue(machine), token);
            PointVerification verification = await VerifyAsync(found, request, arguments.GetValue(reads), console, token);
            if (arguments.GetValue(record))
                await RecordAsync(account, found, verification, console, token);
            return verification.IsWhole ? 0 : VaultCommand.Damaged;
        });
        return command;
    }

    private static async Task<PointVerification> VerifyAsync(
        VaultMachine machine, PointRequest request, int reads, CommandConsole console, CancellationToken cancellationToken)
    {
        RecoveryPointDocument point = await request.FindAsync(machine, cancellationToken);
        await console.Error.WriteLineAsync($"Verifying point {VerificationText.Of(point)} of {machine.Name}.");
        PointVerification verification;
        await using (ProgressDisplay progress = new(console))
            verification = await new PointVerifier(machine.Vault, new VerifyOptions { ReadsInFlight = reads }).RunAsync(point, null, progress, cancellationToken);
        VerificationText.Write(machine, verification, console.Output);
        return verification;
    }

    private static async Task RecordAsync(
        VaultAccount account, VaultMachine machine, PointVerification verification, CommandConsole console, CancellationToken cancellationToken)
    {
        using LeaseHolder holder = LeaseHolder.CreateEphemeral();
        VerificationRecorder recorder = new(account, machine.Vault, holder, _leaseDuration, NullLogger.Instance);
        long started = console.Time.GetTimestamp();
        RecordOutcome outcome;
        while ((outcome = await recorder.RecordAsync(verification, cancellationToken)) == RecordOutcome.LeaseHeld && console.Time.GetElapsedTime(started) < _patience)
            await Task.Delay(_pause, console.Time, cancellationToken);

        await console.Error.WriteLineAsync(outcome switch
        {
            RecordOutcome.Recorded => "The result is recorded in the vault.",
            RecordOutcome.PointGone => "The point was pruned meanwhile: the result is not recorded.",
            _ => "A vault agent holds the replica all the time: the result is not recorded. Try --record again later.",
        });
    }
}
