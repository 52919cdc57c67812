using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Guest;

/// <summary>
/// What a "started" machine of the Images driver is: a process that writes numbered records to its disks, to the second only after the first
/// is flushed, and can tell after any crash or recovery whether its disks hold a prefix of what it wrote.
/// </summary>
public sealed class HeartbeatGuest
{
    /// <summary>Exit code: the machine runs already.</summary>
    public const int AlreadyRunning = 3;

    private readonly ImagesMachine machine;
    private readonly TimeProvider timeProvider;
    private readonly GuestDisks disks;
    private long next;

    private HeartbeatGuest(ImagesMachine machine, GuestDisks disks, TimeProvider timeProvider) =>
        (this.machine, this.disks, this.timeProvider) = (machine, disks, timeProvider);

    /// <summary>Boots, recovers, and beats until cancelled; the beat that is under way is finished.</summary>
    /// <returns>0, or <see cref="AlreadyRunning"/>.</returns>
    public static async Task<int> RunAsync(HeartbeatGuestOptions options, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var machine = ImagesMachine.Load(options.DirectoryPath);
        using var running = MachineLock.TryAcquire(machine.GuestLockPath);
        if (running is null)
        {
            return AlreadyRunning;
        }

        var self = ProcessIdentity.OfLiving(Environment.ProcessId)
            ?? throw new InvalidOperationException("/proc does not know this process: the Images driver needs Linux with /proc mounted.");
        DurableFile.Write(machine.ProcessPath, System.Text.Encoding.ASCII.GetBytes(self.ToString()));
        using var disks = GuestDisks.Open(machine);
        await new HeartbeatGuest(machine, disks, timeProvider).BeatAsync(options.Interval, cancellationToken);
        return 0;
    }

    private async Task BeatAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        try
        {
            await LockedAsync(Recover, cancellationToken);
            using var timer = new PeriodicTimer(interval, timeProvider);
            do
            {
                await LockedAsync(Beat, cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Being asked to shut down is the regular end.
            Report("SHUTDOWN");
        }
    }

    private async Task LockedAsync(Action burst, CancellationToken cancellationToken)
    {
        using var held = await MachineLock.AcquireAsync(machine.LockPath, TimeSpan.MaxValue, timeProvider, cancellationToken);
        burst();
    }

    private void Recover()
    {
        var first = disks.First.Scan();
        var second = disks.Second?.Scan() ?? default;
        Report($"RECOVERED vda={first.LastOfPrefix} vdb={second.LastOfPrefix} holes={first.Holes + second.Holes}");
        if (disks.Second is not null && first.LastOfPrefix == second.LastOfPrefix + 1)
        {
            disks.Second.Write(first.LastOfPrefix, timeProvider.GetUtcNow().ToUnixTimeSeconds());
        }

        next = Math.Max(first.LastOfPrefix, second.LastOfPrefix) + 1;
    }

    private void Beat()
    {
        if (next > disks.Capacity)
        {
            if (next == disks.Capacity + 1)
            {
                Report($"FULL n={next++}");
            }

            return;
        }

        Report($"WRITE n={next}");
        var now = timeProvider.GetUtcNow();
        disks.First.Write(next, now.ToUnixTimeSeconds());
        disks.Second?.Write(next, now.ToUnixTimeSeconds());
        disks.Churn(now);
        Report($"BEAT n={next} t={now.ToUnixTimeMilliseconds()}");
        next++;
    }

    private void Report(FormattableString line) =>
        File.AppendAllText(machine.ConsolePath, FormattableString.Invariant(line) + "\n");

    private void Report(string line) => File.AppendAllText(machine.ConsolePath, line + "\n");
}
