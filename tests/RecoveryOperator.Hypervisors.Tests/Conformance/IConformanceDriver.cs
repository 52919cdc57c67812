using System.Net;

namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>
/// What the conformance suite needs of a driver's test bed: machines whose disks it can write as a guest would. Shared by the tests of a
/// class; every machine has a name of its own.
/// </summary>
public interface IConformanceDriver
{
    /// <summary>True when a guest's write waits until an open snapshot ends (a driver that takes its instant under a lock).</summary>
    bool GuestWritesWaitForSnapshots { get; }

    /// <summary>A network that exists on the host.</summary>
    string Network { get; }

    /// <summary>An address of this process that the host's machines can read a blob from.</summary>
    IPAddress VaultAddress { get; }

    /// <summary>A new instance of the driver, as a restarted agent would make it; it is an <see cref="IRecoveryTarget"/> too.</summary>
    IHypervisor Open();

    /// <summary>Makes a machine with blank disks and one NIC on <see cref="Network"/>, and starts it; returns its id.</summary>
    Task<string> CreateMachineAsync(string name, IReadOnlyList<long> diskSizesBytes, CancellationToken cancellationToken);

    /// <summary>Makes a machine that the driver must refuse to protect; null when it refuses none. Returns its id.</summary>
    Task<string?> CreateUnsupportedMachineAsync(string name, CancellationToken cancellationToken);

    /// <summary>Removes a machine and its disks, in whatever state it is. No-op when absent.</summary>
    Task RemoveMachineAsync(string machineId, CancellationToken cancellationToken);

    /// <summary>Starts a machine that is off, as its user would.</summary>
    Task StartMachineAsync(string machineId, CancellationToken cancellationToken);

    /// <summary>Stops a machine in an orderly way, as its user would.</summary>
    Task StopMachineAsync(string machineId, CancellationToken cancellationToken);

    /// <summary>Fills a range of a disk with one byte, as the running guest would; the write is complete when the task is.</summary>
    Task WriteAsync(string machineId, int disk, Extent range, byte fill, CancellationToken cancellationToken);

    /// <summary>Makes the instance and its open snapshot die without any clean-up, as a killed agent would.</summary>
    ValueTask CrashAsync(IHypervisor hypervisor, IMachineSnapshot open);
}
