using System.Xml.Linq;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Starts and stops machines; a replica's tracking begins before its first instruction.</summary>
internal sealed partial class PowerSwitch(LibvirtConnection connection, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(10);

    /// <summary>How long a guest's agent may take to say something.</summary>
    private const int AgentAnswerSeconds = 3;

    /// <summary>
    /// A replica that was never started: paused start, checkpoint over all disks, note of it, resume. Each step looks at what a former attempt did.
    /// </summary>
    public Task StartAsync(string machineId, CancellationToken cancellationToken) => connection.RunAsync(
        host =>
        {
            using var domain = host.Get(machineId);
            var mark = domain.Metadata(LibvirtNames.Replica);
            var state = domain.State().State;
            if (state == LibvirtDomainState.Running || state == LibvirtDomainState.Blocked) return;
            if (mark is null || (bool?)mark.Attribute("tracked") == true)
            {
                if (state is LibvirtDomainState.Off or LibvirtDomainState.Crashed) domain.Start(paused: false);
                else domain.Resume();
            }
            else
            {
                StartTracked(domain, mark, state);
            }

            LogStarted(domain.Name);
        },
        cancellationToken);

    /// <summary>Asks the guest, again from time to time because a booting guest does not listen, and waits; false when it still runs.</summary>
    public async Task<bool> ShutDownAsync(string machineId, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        TimeSpan? asked = null;
        while (true)
        {
            var elapsed = time.GetElapsedTime(start);
            var ask = asked is null || elapsed - asked > AskAgain;
            var isOff = await connection.RunAsync(host => IsOff(host, machineId, ask), cancellationToken).ConfigureAwait(false);
            if (isOff) return true;
            if (ask) asked = elapsed;
            if (elapsed >= timeout) return false;
            await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the guest's agent answers; null where it has no channel for one. A guest that does not run does not answer.</summary>
    public Task<bool?> DoesGuestAnswerAsync(string machineId, CancellationToken cancellationToken) => connection.RunAsync<bool?>(
        host =>
        {
            using var domain = host.Get(machineId);
            if (domain.State().State is not (LibvirtDomainState.Running or LibvirtDomainState.Blocked)) return false;
            try
            {
                domain.SetAgentTimeout(AgentAnswerSeconds);
                domain.AskAgent();
                return true;
            }
            catch (LibvirtException error) when (error.Code is LibvirtErrorCode.ArgumentUnsupported or LibvirtErrorCode.InternalError)
            {
                // An agent that does not know the question is no sign either way.
                LogNoAgent(error, domain.Name);
                return null;
            }
            catch (LibvirtException error) when (error.Code is LibvirtErrorCode.AgentUnresponsive or LibvirtErrorCode.AgentUnsynced
                or LibvirtErrorCode.AgentCommandTimeout or LibvirtErrorCode.OperationTimeout)
            {
                LogSilent(error, domain.Name);
                return false;
            }
            finally
            {
                ForgetAgentTimeout(domain);
            }
        },
        cancellationToken);

    /// <summary>Others' orders to the agent wait as long as they did before.</summary>
    private void ForgetAgentTimeout(LibvirtDomain domain)
    {
        try
        {
            domain.SetAgentTimeout(LibvirtConstants.AgentWaitsForever);
        }
        catch (LibvirtException error)
        {
            LogNoAgent(error, domain.Name);
        }
    }

    public Task DestroyAsync(string machineId, CancellationToken cancellationToken) => connection.RunAsync(
        host =>
        {
            using var domain = host.Find(machineId);
            if (domain is null || domain.State().State == LibvirtDomainState.Off) return;
            domain.Destroy();
            LogDestroyed(domain.Name);
        },
        cancellationToken);

    public Task SetAutostartAsync(string machineId, bool autostart, CancellationToken cancellationToken) => connection.RunAsync(
        host =>
        {
            using var domain = host.Get(machineId);
            domain.SetAutostart(autostart);
        },
        cancellationToken);

    /// <summary>Resumes the replicas that an I/O error stopped: their vault, or the room for their overlays, may be back.</summary>
    public Task<IReadOnlyList<string>> ResumeStoppedReplicasAsync(CancellationToken cancellationToken) => connection.RunAsync<IReadOnlyList<string>>(
        host =>
        {
            var resumed = new List<string>();
            foreach (var domain in host.List())
            {
                using (domain) ResumeIfStopped(domain, resumed);
            }

            return resumed;
        },
        cancellationToken);

    /// <summary>One machine that goes away or does not answer must not keep the others stopped.</summary>
    private void ResumeIfStopped(LibvirtDomain domain, List<string> resumed)
    {
        try
        {
            if (domain.State() is not (LibvirtDomainState.Paused, LibvirtConstants.PausedByIoError) || domain.Metadata(LibvirtNames.Replica) is null) return;
            domain.Resume();
            resumed.Add(domain.Name);
        }
        catch (HypervisorException error)
        {
            LogNotResumed(error, domain.Name);
        }
    }

    private static bool IsOff(LibvirtHost host, string machineId, bool ask)
    {
        using var domain = host.Get(machineId);
        if (domain.State().State is LibvirtDomainState.Off or LibvirtDomainState.Crashed) return true;
        if (ask) domain.RequestShutdown();
        return false;
    }

    private static void StartTracked(LibvirtDomain domain, XElement mark, LibvirtDomainState state)
    {
        if (state is LibvirtDomainState.Off or LibvirtDomainState.Crashed) domain.Start(paused: true);
        var name = LibvirtNames.Checkpoint((string?)mark.Attribute("owner") ?? string.Empty, LibvirtNames.First);
        var disks = DomainDisk.All(domain.Xml(inactive: false));
        using var checkpoints = domain.Checkpoints();
        if (!checkpoints.Names.Contains(name)) domain.CreateCheckpoint(BackupXml.Checkpoint(name, disks, disks));
        mark.SetAttributeValue("tracked", true);
        domain.SetMetadata(LibvirtNames.Replica, mark);
        domain.Resume();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Machine} may have stopped because of an I/O error and could not be resumed; it is tried again")]
    private partial void LogNotResumed(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Machine {Machine} has no guest agent that can be asked")]
    private partial void LogNoAgent(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The guest agent of machine {Machine} does not answer")]
    private partial void LogSilent(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Information, Message = "Started machine {Machine}")]
    private partial void LogStarted(string machine);

    [LoggerMessage(Level = LogLevel.Information, Message = "Switched machine {Machine} off")]
    private partial void LogDestroyed(string machine);
}
