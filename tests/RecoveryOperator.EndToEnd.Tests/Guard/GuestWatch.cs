using System.Diagnostics;
using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests.Guard;

/// <summary>
/// Watches from outside whether the guest stands still: libvirt's own events say each pause, and the growth of its console says how long its heart
/// stopped at most (the guest's own clock stands still with it).
/// </summary>
internal sealed class GuestWatch : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _ending;
    private readonly Process _events;
    private readonly Task<string> _told;
    private readonly Task _looking;
    private readonly string _console;
    private long _longestTicks;

    private GuestWatch(ProductWorld world, Process events)
    {
        (_events, _console) = (events, Path.Combine(world.Folder, "host-a", "console", "web-1.log"));
        _ending = CancellationTokenSource.CreateLinkedTokenSource(world.CancellationToken);
        _told = events.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _looking = LookAsync();
    }

    /// <summary>Longest time in which the console did not grow.</summary>
    public TimeSpan LongestGap => TimeSpan.FromTicks(Volatile.Read(ref _longestTicks));

    public static GuestWatch Start(ProductWorld world) => new(world, Process.Start(new ProcessStartInfo(
        ProductWorld.Script("run/libvirt-host.sh"),
        ["exec", "host-a", Path.Combine(world.Folder, "host-a"), "--", "stdbuf", "-oL", "virsh", "-q", "-c", "qemu:///system", "event", "--all", "--loop", "--timestamp", "--domain", "web-1"])
    { RedirectStandardOutput = true })!);

    /// <summary>Ends the watch.</summary>
    /// <returns>libvirt's lifecycle events, a line each.</returns>
    public async Task<IReadOnlyList<string>> EventsAsync()
    {
        await _ending.CancelAsync();
        await _looking;
        _events.Kill(entireProcessTree: true);
        return [.. (await _told).Split('\n').Where(line => line.Contains("lifecycle", StringComparison.Ordinal))];
    }

    public async ValueTask DisposeAsync()
    {
        if (!_events.HasExited)
            await EventsAsync();
        _events.Dispose();
        _ending.Dispose();
    }

    private async Task LookAsync()
    {
        var (lengthBytes, since) = (0L, Stopwatch.GetTimestamp());
        using var timer = new PeriodicTimer(Period);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                var now = new FileInfo(_console).Length;
                var gap = Stopwatch.GetElapsedTime(since).Ticks;
                if (gap > Volatile.Read(ref _longestTicks))
                    Volatile.Write(ref _longestTicks, gap);
                if (now != lengthBytes)
                    (lengthBytes, since) = (now, Stopwatch.GetTimestamp());
            }
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }
}
