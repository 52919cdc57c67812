using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// Sees disks that were attached, detached, grown or exchanged. libvirt has no event for a grown disk, so one call for all machines of the host is
/// made every few seconds instead; it reads no disk.
/// </summary>
internal sealed partial class DiskWatch(LibvirtConnection connection, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private Dictionary<string, string> _known = new(StringComparer.Ordinal);
    private bool _failing;

    public async IAsyncEnumerable<string> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            foreach (var machine in await LookAsync(cancellationToken).ConfigureAwait(false)) yield return machine;
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<string>> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = await connection.RunAsync(host => host.Disks(), cancellationToken).ConfigureAwait(false);
            var changed = now.Where(machine => _known.TryGetValue(machine.Key, out var before) && before != machine.Value).Select(machine => machine.Key).ToList();
            // One that is busy, or not defined for a moment, is compared with what it was before.
            _known = _known.Where(machine => !now.ContainsKey(machine.Key)).Concat(now).ToDictionary(StringComparer.Ordinal);
            changed.ForEach(LogChanged);
            _failing = false;
            return changed;
        }
        catch (HypervisorException error)
        {
            if (!_failing) LogFailed(error);
            _failing = true;
            return [];
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The disks of machine {Machine} changed")]
    private partial void LogChanged(string machine);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether disks were attached, detached or grown cannot be seen now; it is tried again every few seconds, and before each cut")]
    private partial void LogFailed(Exception error);
}
