using System.Globalization;
using RecoveryOperator.Benchmarks;
using RecoveryOperator.Benchmarks.Encryption;
using RecoveryOperator.Benchmarks.SimulatedHost;
using RecoveryOperator.Benchmarks.Tools;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// The first argument is a verb; the others are its own. "run" and "report" are for people, the rest is started by "run".
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
switch (args)
{
    case ["run", .. var rest]:
        return await Interruptible.RunAsync(token => RunCommand.RunAsync(rest, token));
    case ["report", .. var rest]:
        return RunCommand.Report(rest);
    case [SimulatedHostCommand.Name, .. var rest]:
        await SimulatedHostCommand.RunAsync(rest);
        return 0;
    case [PageWriteCommand.Name, .. var rest]:
        await PageWriteCommand.RunAsync(rest);
        return 0;
    case [EncryptionCommand.Name, .. var rest]:
        return await EncryptionCommand.RunAsync(rest);
    default:
        await Console.Error.WriteLineAsync("Usage: benchmarks run [--sizes MiB,MiB] [--rows NAME,NAME] [--rounds N] [--work DIR] [--out DIR] | report [--out DIR] | encryption [MiB] [rounds]");
        return 2;
}
