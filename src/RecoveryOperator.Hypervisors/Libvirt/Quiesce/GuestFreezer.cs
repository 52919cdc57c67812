using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt.Quiesce;

/// <summary>Freezes and thaws the file systems of a guest through its agent (docs/engine.md, "App-consistent points"). Never fails a snapshot.</summary>
internal sealed partial class GuestFreezer(LibvirtConnection connection, TimeProvider time, ILogger logger)
{
    /// <summary>libvirt first asks whether the agent listens, then gives the order: each may take half of the time.</summary>
    private const int AnswersPerOrder = 2;

    /// <summary>How long the agent may take to confirm a thaw.</summary>
    private static readonly TimeSpan ThawAnswer = TimeSpan.FromSeconds(3);

    /// <summary>Freezes.</summary>
    /// <returns>Null when it is frozen; otherwise why it is not, as far as is known.</returns>
    public Task<SnapshotConsistency?> FreezeAsync(string machineId, TimeSpan within, CancellationToken cancellationToken) => connection.RunAsync(
        host =>
        {
            using var domain = host.Get(machineId);
            if (domain.State().State is not (LibvirtDomainState.Running or LibvirtDomainState.Blocked))
                return Not(QuiesceReasons.MachineNotRunning, "the machine does not run");
            try
            {
                domain.SetAgentTimeout(Seconds(within / AnswersPerOrder));
                return domain.Freeze() > 0 ? null : Not(QuiesceReasons.FreezeRefused, "the guest has no file system that can be frozen");
            }
            catch (LibvirtException error)
            {
                LogNotFrozen(error, domain.Name);
                return Not(ReasonOf(error), error.Message);
            }
        },
        cancellationToken);

    /// <summary>Thaws the guest of a mark, and removes the mark when that is certain.</summary>
    /// <returns>How many file systems had been frozen until now; null when something of the guest may be frozen still.</returns>
    public async Task<int?> TryThawAsync(string markPath, FreezeMark mark)
    {
        try
        {
            var thawed = await connection.RunAsync(host => Thaw(host, mark.MachineId), CancellationToken.None).ConfigureAwait(false);
            File.Delete(markPath);
            return thawed;
        }
        catch (HypervisorException error)
        {
            LogNotThawed(error, mark.MachineId);
            return null;
        }
    }

    /// <summary>The reason for a set that was frozen and whose thaw came too late or not at all.</summary>
    public static SnapshotConsistency ThawFailed(string message) => Not(QuiesceReasons.ThawFailed, message);

    /// <summary>Time left until the freeze must be over.</summary>
    public TimeSpan Left(FreezeMark mark) => mark.Until - time.GetUtcNow();

    private int Thaw(LibvirtHost host, string machineId)
    {
        using var domain = host.Find(machineId);
        if (domain is null || domain.State().State is LibvirtDomainState.Off or LibvirtDomainState.Crashed) return 0;
        try
        {
            domain.SetAgentTimeout(Seconds(ThawAnswer));
            var thawed = domain.Thaw();
            domain.SetAgentTimeout(LibvirtConstants.AgentWaitsForever);
            if (thawed > 0) LogThawed(domain.Name, thawed);
            return thawed;
        }
        catch (LibvirtException error) when (error.Code == LibvirtErrorCode.ArgumentUnsupported)
        {
            return 0; // It has no channel for an agent: nobody can have frozen it.
        }
    }

    private static string ReasonOf(LibvirtException error) => error.Code switch
    {
        LibvirtErrorCode.ArgumentUnsupported => QuiesceReasons.GuestAgentNotConnected,
        LibvirtErrorCode.AgentUnresponsive when error.Message.Contains("not connected", StringComparison.OrdinalIgnoreCase) => QuiesceReasons.GuestAgentNotConnected,
        LibvirtErrorCode.AgentUnresponsive or LibvirtErrorCode.AgentUnsynced or LibvirtErrorCode.AgentCommandTimeout or LibvirtErrorCode.OperationTimeout =>
            QuiesceReasons.FreezeTimedOut,
        _ => QuiesceReasons.FreezeRefused,
    };

    private static SnapshotConsistency Not(string reason, string message) => new(false, reason, message);

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Machine} was not frozen; its point is crash-consistent")]
    private partial void LogNotFrozen(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Machine} could not be thawed; it is tried again until it is")]
    private partial void LogNotThawed(Exception error, string machine);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Thawed {Count} file systems of machine {Machine}")]
    private partial void LogThawed(string machine, int count);
}
