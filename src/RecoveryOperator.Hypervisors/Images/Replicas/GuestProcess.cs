using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Replicas;

/// <summary>Starts and ends the process that a running machine is. It outlives the process that started it.</summary>
internal sealed partial class GuestProcess(ImagesOptions options, TimeProvider timeProvider, ILogger logger)
{
    // $1 takes the guest's complaints, the rest is its command line. A session of its own: no terminal signal of ours reaches it.
    private const string Launch = "log=$1; shift; exec setsid \"$@\" </dev/null >>\"$log\" 2>&1";
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Starts the machine and waits until its process has reported itself; nothing when it runs.</summary>
    /// <exception cref="HypervisorException">It cannot be started.</exception>
    public async Task StartAsync(ImagesMachine machine, CancellationToken cancellationToken)
    {
        if (machine.RunningGuest() is not null)
        {
            return;
        }

        if (options.GuestCommand.Count == 0)
        {
            throw new HypervisorException(
                HypervisorFault.Unsupported,
                $"Machine '{machine.Name}' cannot be started: this host has no guest command.",
                "Configure the Images driver's GuestCommand.");
        }

        var errorLogPath = Path.Combine(machine.DirectoryPath, "guest.err");
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        foreach (var argument in (string[])["-c", Launch, "sh", errorLogPath, .. options.GuestCommand, "--directory", machine.DirectoryPath])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("/bin/sh was not started.");
        LogStarted(machine.Name, process.Id);
        await WaitAsync(() => machine.RunningGuest() is not null || process.HasExited, options.StartTimeout, cancellationToken);
        if (machine.RunningGuest() is null)
        {
            throw new HypervisorException(
                HypervisorFault.Transient,
                process.HasExited
                    ? $"The guest of machine '{machine.Name}' ended with exit code {process.ExitCode} while it started."
                    : $"The guest of machine '{machine.Name}' did not report itself within {options.StartTimeout.TotalSeconds} s.",
                $"See '{errorLogPath}'.");
        }
    }

    /// <summary>Asks the guest to end; false when it still runs after the time.</summary>
    public async Task<bool> ShutDownAsync(ImagesMachine machine, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (machine.RunningGuest() is not { } guest || !LinuxSignal.Send(guest, LinuxSignal.Terminate))
        {
            return true;
        }

        return await WaitAsync(() => !guest.IsAlive(), timeout, cancellationToken);
    }

    /// <summary>Kills the guest, and never any other process; nothing when it does not run.</summary>
    /// <exception cref="HypervisorException">It does not go.</exception>
    public async Task KillAsync(ImagesMachine machine, CancellationToken cancellationToken)
    {
        if (machine.RunningGuest() is not { } guest || !LinuxSignal.Send(guest, LinuxSignal.Kill))
        {
            return;
        }

        LogKilled(machine.Name, guest.ProcessId);
        if (!await WaitAsync(() => !guest.IsAlive(), KillTimeout, cancellationToken))
        {
            throw new HypervisorException(
                HypervisorFault.Transient,
                $"Process {guest.ProcessId} of machine '{machine.Name}' is still there {KillTimeout.TotalSeconds} s after it was killed.",
                "It is probably stuck in storage: look at the host's disks.");
        }
    }

    private async Task<bool> WaitAsync(Func<bool> condition, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        while (!condition())
        {
            if (timeProvider.GetElapsedTime(started) >= timeout)
            {
                return false;
            }

            await Task.Delay(PollInterval, timeProvider, cancellationToken);
        }

        return true;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Machine {machine} was started as process {processId}")]
    private partial void LogStarted(string machine, int processId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Machine {machine} was switched off: process {processId} killed")]
    private partial void LogKilled(string machine, int processId);
}
