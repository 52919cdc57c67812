using System.Globalization;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>What the vault cannot hold is known before a byte is copied.</summary>
internal static class VaultLimits
{
    /// <summary>One failure for each disk that is too large for a page blob; excluded ones are left out.</summary>
    public static IEnumerable<Fault> Check(VirtualMachine machine, IReadOnlyCollection<string> excludedDisks) => machine.Definition.Disks
        .Where(disk => disk.SizeBytes > FixedVhdFooter.MaxDiskSizeBytes && !excludedDisks.Contains(disk.Target))
        .Select(disk => new Fault
        {
            Category = FaultCategory.NonRecoverable,
            Reason = "DiskTooLarge",
            Object = $"{machine.Name}/{disk.Target}",
            Message = string.Create(
                CultureInfo.InvariantCulture,
                $"Disk {disk.Target} of {machine.Name} has {disk.SizeBytes} bytes; with its footer a replica disk has at most 8 TiB, so {FixedVhdFooter.MaxDiskSizeBytes} bytes are possible."),
            Remedy = "Split the disk inside the guest over smaller ones, or leave it out with spec.excludeDisks.",
        });
}
