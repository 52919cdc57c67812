namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Where on the host the parts of a replica are.</summary>
/// <param name="Overlay">Path of a disk's overlay, by the disk's target.</param>
/// <param name="ConsoleDirectory">Where its serial consoles are logged.</param>
/// <param name="VaultSocket">The socket through which it reads the vault.</param>
internal sealed record ReplicaPlaces(Func<string, string> Overlay, string ConsoleDirectory, string VaultSocket);
