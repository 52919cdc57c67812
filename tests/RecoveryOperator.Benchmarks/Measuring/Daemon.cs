using System.Diagnostics;
using System.Globalization;

namespace RecoveryOperator.Benchmarks.Measuring;

/// <summary>A process that runs until it is told to end; its output goes to a file.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _copying;

    private Daemon(Process process, Task copying)
    {
        _process = process;
        _copying = copying;
    }

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    public static Daemon Start(IReadOnlyList<string> command, string logPath)
    {
        Process process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException($"{command[0]} could not be started.");
        return new Daemon(process, CopyAsync(process, logPath));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
            await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited)
                _process.Kill();
        }

        await _copying;
        _process.Dispose();
    }

    private static async Task CopyAsync(Process process, string logPath)
    {
        await using FileStream log = new(logPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        Task errors = process.StandardError.BaseStream.CopyToAsync(Stream.Synchronized(log));
        await process.StandardOutput.BaseStream.CopyToAsync(Stream.Synchronized(log));
        await errors;
    }
}
