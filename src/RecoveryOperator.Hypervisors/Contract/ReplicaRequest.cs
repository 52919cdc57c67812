namespace RecoveryOperator.Hypervisors;

/// <summary>A replica that is to be brought up.</summary>
/// <param name="Owner">The protection's id.</param>
/// <param name="OperationId">The operation that asks: makes creation idempotent.</param>
/// <param name="Name">Name of the new machine.</param>
/// <param name="Definition">The machine as it was at the recovery point.</param>
/// <param name="Disks">Where each disk's content is.</param>
/// <param name="Networks">Network for each NIC of the definition, by order; null: not connected.</param>
public sealed record ReplicaRequest(
    string Owner,
    string OperationId,
    string Name,
    VirtualMachineDefinition Definition,
    IReadOnlyList<ReplicaDisk> Disks,
    IReadOnlyList<string?> Networks);

/// <summary>A disk in the vault.</summary>
/// <param name="Index">Index of the disk in the definition.</param>
/// <param name="SizeBytes">Disk size without the VHD footer, in bytes.</param>
/// <param name="SnapshotUri">
/// Page blob snapshot with a read-only grant (<c>…/disk-0.vhd?snapshot=…&amp;sv=…</c>), a fixed VHD. A secret: never logged, never in status.
/// </param>
/// <param name="SumsUri">
/// Snapshot of the disk's checksum table (16 bytes for each 64 KiB, as the source read it), with a read-only grant: what is read is compared with it. A secret too. Null: it is not compared.
/// </param>
public sealed record ReplicaDisk(int Index, long SizeBytes, Uri SnapshotUri, Uri? SumsUri = null)
{
    /// <summary>Nothing of its addresses: they are grants.</summary>
    public override string ToString() => $"disk {Index}, {SizeBytes} bytes";
}
