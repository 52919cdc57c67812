using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Guard;
using RecoveryOperator.Hypervisors.Libvirt.Native;
using RecoveryOperator.Hypervisors.Libvirt.Quiesce;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Ends backup jobs and removes what they leave: on dispose, on a failed begin, and after a crash.</summary>
internal sealed partial class SnapshotJob(LibvirtConnection connection, LibvirtOptions options, GuestFreezer freezer, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan EndDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MayBeFrozen = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan EndPoll = TimeSpan.FromMilliseconds(20);

    /// <summary>True while the machine's backup job is the one with this socket.</summary>
    public Task<bool> IsActiveAsync(string machineId, string socket, CancellationToken cancellationToken) =>
        connection.RunAsync(host => Has(host, machineId, job => job == socket), cancellationToken);

    /// <summary>Whether that job runs, and whether an I/O error has paused its guest.</summary>
    public Task<(bool Active, bool Stopped)> LookAsync(string machineId, string socket, CancellationToken cancellationToken) => connection.RunAsync(
        host => (Has(host, machineId, job => job == socket), IsStopped(host, machineId)), cancellationToken);

    /// <summary>Ends the job with this socket, the hold of the machine and a pause that the job caused, and removes its files.</summary>
    public async Task<LeftoverReport> EndAsync(string machineId, string owner, string socket, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        var jobs = await AbortAsync(machineId, job => job == socket, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        var resumed = await connection.RunAsync(
            host =>
            {
                using var domain = host.Find(machineId);
                if (domain is null || DomainHold.End(domain, owner) || !ResumeIfStopped(domain)) return false;
                LogResumed(domain.Name);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        var left = files.Append(socket).Where(File.Exists).ToList();
        foreach (var file in left) File.Delete(file);
        return new LeftoverReport(jobs, left.Count, resumed);
    }

    /// <summary>Ends whatever a former process of this owner left on the machine.</summary>
    public async Task<LeftoverReport> CleanUpAsync(string machineId, string owner, CancellationToken cancellationToken)
    {
        var socketPrefix = Path.Combine(options.RuntimeDirectory, LibvirtNames.SocketPrefix(owner, machineId));
        var jobs = await AbortAsync(machineId, job => job.StartsWith(socketPrefix, StringComparison.Ordinal), cancellationToken).ConfigureAwait(false) ? 1 : 0;
        var (held, resumed) = await connection.RunAsync(
            host =>
            {
                using var domain = host.Find(machineId);
                if (domain is null) return (false, false);
                var held = DomainHold.End(domain, owner);
                return (held, !held && ResumeIfStopped(domain));
            },
            cancellationToken).ConfigureAwait(false);
        await ThawAsync(machineId, owner).ConfigureAwait(false);
        var note = GuardNote.Read(GuardNote.Path(options.RuntimeDirectory, owner, machineId));
        Remove(options.RuntimeDirectory, LibvirtNames.SocketPrefix(owner, machineId));
        var files = Remove(options.ScratchDirectory, LibvirtNames.ScratchPrefix(owner, machineId));
        if (jobs > 0 || files > 0 || held || resumed) LogCleanedUp(machineId, jobs, files, held, resumed);
        return new LeftoverReport(jobs, files, resumed, note is null ? null : new GuardIntervention(note.At, note.Why, note.GuestResumed));
    }

    /// <summary>Ends the machine's backup job when its socket is ours, and waits until it is gone; says whether there was one.</summary>
    private async Task<bool> AbortAsync(string machineId, Func<string, bool> isOurs, CancellationToken cancellationToken)
    {
        if (!await connection.RunAsync(host => Has(host, machineId, isOurs), cancellationToken).ConfigureAwait(false)) return false;
        await connection.RunAsync(host => { using var domain = host.Get(machineId); domain.AbortJob(); }, cancellationToken).ConfigureAwait(false);
        var start = time.GetTimestamp();
        while (await connection.RunAsync(host => Has(host, machineId, isOurs), cancellationToken).ConfigureAwait(false))
        {
            if (time.GetElapsedTime(start) > EndDeadline)
            {
                throw new HypervisorException(
                    HypervisorFault.Transient,
                    $"the backup job of machine {machineId} did not end within {EndDeadline.TotalSeconds:0} s",
                    $"run: virsh domjobabort {machineId}");
            }

            await Task.Delay(EndPoll, time, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private static bool Has(LibvirtHost host, string machineId, Func<string, bool> isOurs)
    {
        using var domain = host.Find(machineId);
        return domain?.BackupJob() is { } job && BackupXml.Socket(job) is { } socket && isOurs(socket);
    }

    /// <summary>
    /// A guest that an I/O error paused goes on, whoever caused it: a former process may have been killed between the job's end and the resume,
    /// and a guest whose disk is still faulty is only paused again.
    /// </summary>
    private static bool ResumeIfStopped(LibvirtDomain domain)
    {
        if (domain.State() is not (LibvirtDomainState.Paused, LibvirtConstants.PausedByIoError)) return false;
        domain.Resume();
        return true;
    }

    /// <summary>A guest that a former process may have left frozen.</summary>
    private async Task ThawAsync(string machineId, string owner)
    {
        foreach (var path in FreezeMark.Of(options.RuntimeDirectory, owner, machineId))
        {
            if (FreezeMark.Read(path, machineId) is not { } mark || await freezer.TryThawAsync(path, mark).ConfigureAwait(false) is not null) continue;
            if (freezer.Left(mark) > -MayBeFrozen)
            {
                throw new HypervisorException(
                    HypervisorFault.Transient,
                    $"machine {machineId} may be frozen for a snapshot that was interrupted, and its guest agent does not confirm that it is thawed",
                    "it is tried again; if the guest hangs, restart it, or run in it: fsfreeze --unfreeze MOUNTPOINT");
            }

            LogMayBeFrozen(machineId);
            File.Delete(path);
        }
    }

    private static bool IsStopped(LibvirtHost host, string machineId)
    {
        using var domain = host.Find(machineId);
        return domain?.State() is (LibvirtDomainState.Paused, LibvirtConstants.PausedByIoError);
    }

    private static int Remove(string directory, string prefix)
    {
        var files = Directory.Exists(directory) ? Directory.GetFiles(directory, prefix + "*") : [];
        foreach (var file in files) File.Delete(file);
        return files.Length;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Machine} had been paused by an I/O error while its snapshot was open; resumed it")]
    private partial void LogResumed(string machine);

    [LoggerMessage(Level = LogLevel.Error, Message = "Machine {Machine} may have been frozen for a snapshot; its guest agent has not answered for minutes, and replication goes on")]
    private partial void LogMayBeFrozen(string machine);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Cleaned up machine {Machine}: {Jobs} jobs ended, {Files} scratch files removed, switched off after reading: {Held}, guest resumed: {Resumed}")]
    private partial void LogCleanedUp(string machine, int jobs, int files, bool held, bool resumed);
}
