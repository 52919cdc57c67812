using System.Xml.Linq;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// A machine that is off is started, paused, for as long as it is read: libvirt can neither back up nor checkpoint it otherwise. An element
/// in its definition says so before it is started, so that a crash leaves no paused machine behind. A machine that its user resumed meanwhile
/// is left as it is, also when he suspended it again.
/// </summary>
internal static class DomainHold
{
    /// <summary>Starts the machine paused when it is off; says whether it did.</summary>
    public static bool Begin(LibvirtDomain domain, string owner)
    {
        if (domain.State().State is not (LibvirtDomainState.Off or LibvirtDomainState.Crashed)) return false;
        if (domain.HasManagedSave)
        {
            throw new HypervisorException(
                HypervisorFault.Unsupported,
                $"machine {domain.Name} is off with its memory saved; reading its disks would discard that memory",
                $"start the machine, or run: virsh managedsave-remove {domain.Name}");
        }

        domain.SetMetadata(LibvirtNames.Hold, new XElement(LibvirtNames.Hold + "hold", new XAttribute("owner", owner)));
        try
        {
            domain.Start(paused: true);
        }
        catch (HypervisorException)
        {
            domain.SetMetadata(LibvirtNames.Hold, null);
            throw;
        }

        return true;
    }

    /// <summary>
    /// Switches off what <see cref="Begin"/> started for this owner. No-op otherwise; says whether it was switched off, or off already. A guest that
    /// was resumed meanwhile is left as it is.
    /// </summary>
    public static bool End(LibvirtDomain domain, string owner)
    {
        if ((string?)domain.Metadata(LibvirtNames.Hold)?.Attribute("owner") != owner) return false;
        var (state, reason) = domain.State();
        var wasResumed = WasResumed(state, reason) || (state == LibvirtDomainState.Paused && HasRun(domain));
        if (state == LibvirtDomainState.Paused && !wasResumed) domain.Destroy();
        domain.SetMetadata(LibvirtNames.Hold, null);
        return !wasResumed;
    }

    /// <summary>
    /// libvirt calls a machine that was started paused, and one that its user resumed and suspended, by the same reason. A guest that ran has read a disk, if only to boot.
    /// </summary>
    private static bool HasRun(LibvirtDomain domain) => DomainDisk.All(domain.Xml(inactive: false)).Any(disk => domain.HasUsed(disk.Target));

    /// <summary>Only a guest that ran can have been stopped by an I/O error: switching it off would be pulling the plug of a machine in use (P8).</summary>
    internal static bool WasResumed(LibvirtDomainState state, int reason) => state switch
    {
        LibvirtDomainState.Off or LibvirtDomainState.Crashed => false,
        LibvirtDomainState.Paused => reason == LibvirtConstants.PausedByIoError,
        _ => true,
    };
}
