using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Quiesce;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>Sees to it, in the guard's process, that a guest that may be frozen for a snapshot is thawed: also when the snapshot is closed already.</summary>
internal sealed partial class ThawWatch(string machineId, string markPath, GuestFreezer freezer, Func<string?> agentTrouble, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>A guest whose agent has not said a word for so long cannot be helped from outside.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(5);

    /// <summary>Runs until the snapshot is closed and its mark gone.</summary>
    public async Task RunAsync(CancellationToken closed)
    {
        while (!closed.IsCancellationRequested || File.Exists(markPath))
        {
            if (FreezeMark.Read(markPath, machineId) is { } mark && (agentTrouble() is not null || freezer.Left(mark) < TimeSpan.Zero))
            {
                var thawed = await freezer.TryThawAsync(markPath, mark).ConfigureAwait(false);
                if (thawed is not null) LogThawed(machineId);
                else if (freezer.Left(mark) < -GiveUpAfter) GiveUp();
            }

            // Awake at once when the snapshot is closed; from then on at the same pace.
            var pause = closed.IsCancellationRequested ? CancellationToken.None : closed;
            await Task.Delay(Period, time, pause).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void GiveUp()
    {
        LogGivenUp(machineId);
        File.Delete(markPath);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The guard saw to it that machine {Machine}, which was or may have been frozen for a snapshot, is thawed")]
    private partial void LogThawed(string machine);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Machine {Machine} may still be frozen: its guest agent does not answer. In the guest run: fsfreeze --unfreeze MOUNTPOINT, or restart it")]
    private partial void LogGivenUp(string machine);
}
