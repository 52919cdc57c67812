namespace RecoveryOperator.Hypervisors;

/// <summary>What a driver can do on its host.</summary>
/// <param name="Driver"><c>Libvirt</c>, <c>Images</c>, later <c>HyperV</c>.</param>
/// <param name="TracksChanges">The hypervisor itself tracks changed blocks; otherwise changes are found by a scan (the stated exception to P10).</param>
/// <param name="RunsReplicas">The host can bring up replicas.</param>
/// <param name="TracksFromFirstWrite">A replica's changes are tracked from its first instruction.</param>
public sealed record HypervisorCapabilities(string Driver, bool TracksChanges, bool RunsReplicas, bool TracksFromFirstWrite);

/// <summary>A host and what is on it.</summary>
/// <param name="HostName">The host's name.</param>
/// <param name="HypervisorVersion">For example <c>libvirt 9.0.0, QEMU 7.2.0</c>.</param>
/// <param name="Networks">Names of its networks.</param>
/// <param name="FreeStorageBytes">Free bytes where replicas are created.</param>
/// <param name="Machines">Its virtual machines.</param>
public sealed record HostInventory(
    string HostName,
    string HypervisorVersion,
    IReadOnlyList<string> Networks,
    long FreeStorageBytes,
    IReadOnlyList<VirtualMachine> Machines);
