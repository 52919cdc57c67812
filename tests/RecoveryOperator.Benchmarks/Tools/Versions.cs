using System.Diagnostics;
using RecoveryOperator.Benchmarks.World;

namespace RecoveryOperator.Benchmarks.Tools;

/// <summary>What the tools say of their versions.</summary>
internal static class Versions
{
    public static async Task<SortedDictionary<string, string>> ReadAsync(CancellationToken cancellationToken)
    {
        SortedDictionary<string, string> versions = new(StringComparer.Ordinal)
        {
            ["recovery-operator"] = $"this commit, .NET {Environment.Version}, published for linux-x64 with ReadyToRun",
            ["azcopy"] = await FirstLineAsync(Programs.AzCopy, "--version", cancellationToken),
            ["rsync"] = await FirstLineAsync("rsync", "--version", cancellationToken),
            ["restic"] = await FirstLineAsync("restic", "version", cancellationToken),
            ["borg"] = await FirstLineAsync("borg", "--version", cancellationToken),
            ["qemu-img"] = await FirstLineAsync("qemu-img", "--version", cancellationToken),
            ["Azurite"] = await FirstLineAsync(Path.Combine(Scripts.Cache, "bin/azurite-blob"), "--version", cancellationToken),
            ["Node.js"] = await FirstLineAsync("node", "--version", cancellationToken),
        };
        return versions;
    }

    private static async Task<string> FirstLineAsync(string program, string argument, CancellationToken cancellationToken)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, [argument]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{program} could not be started: run eng/setup/bench-tools.sh.");
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return output.Split('\n', 2)[0].Trim();
    }
}
