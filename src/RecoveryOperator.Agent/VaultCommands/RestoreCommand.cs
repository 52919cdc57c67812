using System.CommandLine;
using RecoveryOperator.Agent.VaultCommands.Restore;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary><c>vault restore VM</c>: writes a point's disks to files, each block compared before it is written.</summary>
internal static class RestoreCommand
{
    /// <summary>What a person asked for.</summary>
    private sealed record Wish(PointRequest Point, string Format, string Folder, bool Overwrite, bool KeepDamaged, int Reads);

    public static Command Create(ConnectionArguments connection, CommandConsole console)
    {
        Argument<string> machine = CommandArguments.Machine();
        Option<string> point = CommandArguments.Point();
        Option<int> reads = CommandArguments.ReadsInFlight();
        Option<string> format = new("--format") { Description = "Format of the images: raw (sparse), qcow2, or vhd (fixed, as in the vault).", DefaultValueFactory = _ => "raw" };
        format.AcceptOnlyFromAmong("raw", "qcow2", "vhd");
        Option<string> folder = new("--to") { Description = "Folder for the images and the machine's definition; it is created.", Required = true };
        Option<bool> overwrite = new("--overwrite") { Description = "Replace files of an earlier restore." };
        Option<bool> keep = new("--keep-damaged") { Description = "Write damaged blocks as they are and keep the images, when no point is whole. The exit code is 3 all the same." };
        Command command = new("restore", "Writes the disks of a recovery point to files. Every block is compared with what the source read.")
        {
            machine, point, format, folder, overwrite, keep, reads,
        };
        command.SetAction(async (arguments, token) =>
        {
            Wish wish = new(
                PointRequest.Parse(arguments.GetRequiredValue(point)), arguments.GetRequiredValue(format), arguments.GetRequiredValue(folder),
                arguments.GetValue(overwrite), arguments.GetValue(keep), arguments.GetValue(reads));
            VaultMachine found = await new MachineFinder(connection.Open(arguments)).FindAsync(arguments.GetRequiredValue(machine), token);
            return await RunAsync(found, wish, console, token);
        });
        return command;
    }

    private static async Task<int> RunAsync(VaultMachine machine, Wish wish, CommandConsole console, CancellationToken cancellationToken)
    {
        RecoveryPointDocument point = await wish.Point.FindAsync(machine, cancellationToken);
        PointVerifier verifier = new(machine.Vault, new VerifyOptions { ReadsInFlight = wish.Reads });
        using RestoredFiles files = new(wish.Folder, wish.Format, point, wish.Overwrite);
        await CheckSpaceAsync(verifier, point, files, wish, cancellationToken);
        await console.Error.WriteLineAsync($"Restoring point {VerificationText.Of(point)} of {machine.Name} to {Path.GetFullPath(wish.Folder)}.");
        bool isDone = false;
        try
        {
            PointVerification verification;
            await using (ProgressDisplay progress = new(console))
                verification = await verifier.RunAsync(point, files.Begin, progress, cancellationToken);
            VerificationText.Write(machine, verification, console.Output);
            if (!verification.IsWhole && !wish.KeepDamaged)
            {
                await console.Error.WriteLineAsync("Nothing is kept. Choose another point, or --keep-damaged if there is none.");
                return VaultCommand.Damaged;
            }

            files.Finish(machine, verification, console.Time.GetUtcNow());
            isDone = true;
            foreach (string path in files.Paths)
                await console.Output.WriteLineAsync($"wrote {path}");
            return verification.IsWhole ? 0 : VaultCommand.Damaged;
        }
        finally
        {
            if (!isDone)
                files.Abandon();
        }
    }

    private static async Task CheckSpaceAsync(
        PointVerifier verifier, RecoveryPointDocument point, RestoredFiles files, Wish wish, CancellationToken cancellationToken)
    {
        long needed = await verifier.MeasureAsync(point, cancellationToken);
        if (files.FreeBytes is var free && free < needed)
            throw new CommandFailedException($"The point has {ByteText.Of(needed)} of data, the file system of '{wish.Folder}' has {ByteText.Of(free)} free. Give another folder with --to.");
    }
}
