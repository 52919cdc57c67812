using System.Runtime.InteropServices;

namespace RecoveryOperator.Hypervisors.Libvirt.Native;

/// <summary>A pointer that libvirt counts references of; zero is none.</summary>
internal abstract class LibvirtHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    /// <summary>Takes over a pointer that an out parameter or an array carried.</summary>
    internal T Own<T>(nint pointer)
        where T : LibvirtHandle
    {
        SetHandle(pointer);
        return (T)this;
    }
}

/// <summary>virConnectPtr.</summary>
internal sealed class ConnectionHandle : LibvirtHandle
{
    protected override bool ReleaseHandle() => LibvirtNative.ConnectClose(handle) >= 0;
}

/// <summary>virDomainPtr.</summary>
internal sealed class DomainHandle : LibvirtHandle
{
    protected override bool ReleaseHandle() => LibvirtNative.DomainFree(handle) >= 0;
}

/// <summary>virDomainCheckpointPtr.</summary>
internal sealed class CheckpointHandle : LibvirtHandle
{
    protected override bool ReleaseHandle() => LibvirtNative.DomainCheckpointFree(handle) >= 0;
}

/// <summary>virNetworkPtr.</summary>
internal sealed class NetworkHandle : LibvirtHandle
{
    protected override bool ReleaseHandle() => LibvirtNative.NetworkFree(handle) >= 0;
}
