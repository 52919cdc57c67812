using System.Runtime.InteropServices;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>The host behind an open connection. Blocking; used within <see cref="LibvirtConnection.RunAsync{T}"/> only.</summary>
internal sealed unsafe class LibvirtHost(ConnectionHandle connection)
{
    /// <summary>The domain with that UUID or, when there is none, with that name; null when there is neither.</summary>
    public LibvirtDomain? Find(string idOrName)
    {
        if (Guid.TryParse(idOrName, out _) && Existing(LibvirtNative.DomainLookupByUuid(connection, idOrName), idOrName) is { } byId) return byId;
        return Existing(LibvirtNative.DomainLookupByName(connection, idOrName), idOrName);
    }

    /// <summary>The domain, or a refusal that says that there is none.</summary>
    public LibvirtDomain Get(string machineId) => Find(machineId) ?? throw new HypervisorException(
        HypervisorFault.NotFound,
        $"machine {machineId} is not defined on this host",
        "check the machine's name or id, and that it was not moved to another host");

    public IReadOnlyList<LibvirtDomain> List()
    {
        var count = LibvirtNative.ConnectListAllDomains(connection, out var pointers, 0);
        if (count < 0) throw LibvirtError.Last("list the machines", "this host");
        return Own(pointers, count, pointer => new LibvirtDomain(new DomainHandle().Own<DomainHandle>(pointer)));
    }

    /// <summary>Names of the host's networks, and whether each is active.</summary>
    public IReadOnlyDictionary<string, bool> Networks()
    {
        var count = LibvirtNative.ConnectListAllNetworks(connection, out var pointers, 0);
        if (count < 0) throw LibvirtError.Last("list the networks", "this host");
        var networks = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var network in Own(pointers, count, pointer => new NetworkHandle().Own<NetworkHandle>(pointer)))
        {
            using (network)
                networks[Marshal.PtrToStringUTF8(LibvirtNative.NetworkGetName(network))!] = LibvirtNative.NetworkIsActive(network) == 1;
        }

        return networks;
    }

    /// <summary>
    /// Id and disks (target, image, size) of all machines in one call. A machine that is busy now is left out.
    /// </summary>
    public IReadOnlyDictionary<string, string> Disks()
    {
        var count = LibvirtNative.ConnectGetAllDomainStats(connection, LibvirtConstants.StatsOfBlocks, out var records, LibvirtConstants.StatsWithoutWaiting);
        if (count < 0) throw LibvirtError.Last("look at the disks", "this host");
        try
        {
            var disks = new Dictionary<string, string>(StringComparer.Ordinal);
            var id = stackalloc byte[LibvirtConstants.UuidStringLength];
            for (var i = 0; i < count; i++)
            {
                if (DiskStatistics.Describe(records[i]) is { } described && LibvirtNative.DomainGetUuid(records[i]->Domain, id) == 0)
                    disks[Marshal.PtrToStringUTF8((nint)id)!] = described;
            }

            return disks;
        }
        finally
        {
            LibvirtNative.DomainStatsFree(records);
        }
    }

    public LibvirtDomain Define(string xml, string name)
    {
        var domain = LibvirtNative.DomainDefine(connection, xml, 0);
        return domain.IsInvalid ? throw LibvirtError.Last("store the definition", $"machine {name}") : new LibvirtDomain(domain);
    }

    public string HostName() => LibvirtNative.ConnectGetHostname(connection) is var name and not 0
        ? LibvirtNative.TakeString(name)
        : throw LibvirtError.Last("read the name", "this host");

    /// <summary>For example <c>libvirt 9.0.0, QEMU 7.2.22</c>.</summary>
    public string Version()
    {
        if (LibvirtNative.ConnectGetLibVersion(connection, out var library) < 0 || LibvirtNative.ConnectGetVersion(connection, out var qemu) < 0)
            throw LibvirtError.Last("read the version", "this host's hypervisor");
        return $"libvirt {Format(library.Value)}, QEMU {Format(qemu.Value)}";
    }

    internal static T[] Own<T>(nint* pointers, int count, Func<nint, T> own)
    {
        var owned = new T[count];
        for (var i = 0; i < count; i++) owned[i] = own(pointers[i]);
        NativeMemory.Free(pointers);
        return owned;
    }

    private static string Format(nuint version) => $"{version / 1_000_000}.{version / 1000 % 1000}.{version % 1000}";

    private static LibvirtDomain? Existing(DomainHandle domain, string idOrName)
    {
        if (!domain.IsInvalid) return new LibvirtDomain(domain);
        return LibvirtNative.GetLastErrorCode() == LibvirtErrorCode.NoDomain
            ? null
            : throw LibvirtError.Last("look up the definition", $"machine {idOrName}");
    }
}
