using System.Runtime.InteropServices;

namespace RecoveryOperator.Hypervisors.Libvirt.Native;

internal static unsafe partial class LibvirtNative
{
    [LibraryImport(Library, EntryPoint = "virDomainLookupByUUIDString", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle DomainLookupByUuid(ConnectionHandle connection, string uuid);

    [LibraryImport(Library, EntryPoint = "virDomainLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle DomainLookupByName(ConnectionHandle connection, string name);

    [LibraryImport(Library, EntryPoint = "virDomainDefineXMLFlags", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle DomainDefine(ConnectionHandle connection, string xml, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainFree")]
    internal static partial int DomainFree(nint domain);

    [LibraryImport(Library, EntryPoint = "virDomainGetName")]
    internal static partial nint DomainGetName(DomainHandle domain);

    [LibraryImport(Library, EntryPoint = "virDomainGetUUIDString")]
    internal static partial int DomainGetUuid(DomainHandle domain, byte* buffer);

    [LibraryImport(Library, EntryPoint = "virDomainGetState")]
    internal static partial int DomainGetState(DomainHandle domain, out LibvirtDomainState state, out int reason, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainGetXMLDesc")]
    internal static partial nint DomainGetXml(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainIsPersistent")]
    internal static partial int DomainIsPersistent(DomainHandle domain);

    [LibraryImport(Library, EntryPoint = "virDomainHasManagedSaveImage")]
    internal static partial int DomainHasManagedSave(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainGetBlockInfo", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainGetBlockInfo(DomainHandle domain, string disk, out BlockInfo info, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainBlockStats", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainBlockStats(DomainHandle domain, string disk, out BlockCounters counters, nuint size);

    [LibraryImport(Library, EntryPoint = "virDomainCreateWithFlags")]
    internal static partial int DomainCreate(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainResume")]
    internal static partial int DomainResume(DomainHandle domain);

    [LibraryImport(Library, EntryPoint = "virDomainShutdownFlags")]
    internal static partial int DomainShutdown(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainDestroyFlags")]
    internal static partial int DomainDestroy(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainUndefineFlags")]
    internal static partial int DomainUndefine(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainSetAutostart")]
    internal static partial int DomainSetAutostart(DomainHandle domain, int autostart);

    [LibraryImport(Library, EntryPoint = "virDomainSetMetadata", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainSetMetadata(DomainHandle domain, int type, string? metadata, string key, string uri, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainGetMetadata", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint DomainGetMetadata(DomainHandle domain, int type, string uri, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainBackupBegin", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DomainBackupBegin(DomainHandle domain, string backupXml, string? checkpointXml, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainBackupGetXMLDesc")]
    internal static partial nint DomainBackupGetXml(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainAbortJob")]
    internal static partial int DomainAbortJob(DomainHandle domain);

    [LibraryImport(Library, EntryPoint = "virDomainFSFreeze")]
    internal static partial int DomainFreeze(DomainHandle domain, nint mountPoints, uint mountPointCount, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainFSThaw")]
    internal static partial int DomainThaw(DomainHandle domain, nint mountPoints, uint mountPointCount, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainAgentSetResponseTimeout")]
    internal static partial int DomainSetAgentTimeout(DomainHandle domain, int seconds, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainGetTime")]
    internal static partial int DomainGetTime(DomainHandle domain, out long seconds, out uint nanoseconds, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainSnapshotNum")]
    internal static partial int DomainSnapshotNum(DomainHandle domain, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainListAllCheckpoints")]
    internal static partial int DomainListAllCheckpoints(DomainHandle domain, out nint* checkpoints, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainCheckpointLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial CheckpointHandle DomainCheckpointLookup(DomainHandle domain, string name, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainCheckpointCreateXML", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial CheckpointHandle DomainCheckpointCreate(DomainHandle domain, string xml, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainCheckpointGetName")]
    internal static partial nint DomainCheckpointGetName(CheckpointHandle checkpoint);

    [LibraryImport(Library, EntryPoint = "virDomainCheckpointGetXMLDesc")]
    internal static partial nint DomainCheckpointGetXml(CheckpointHandle checkpoint, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainCheckpointDelete")]
    internal static partial int DomainCheckpointDelete(CheckpointHandle checkpoint, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainCheckpointFree")]
    internal static partial int DomainCheckpointFree(nint checkpoint);

    /// <summary>virDomainBlockStatsStruct: -1 where the hypervisor does not count.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BlockCounters
    {
        public long ReadRequests;
        public long ReadBytes;
        public long WriteRequests;
        public long WrittenBytes;
        public long Errors;
    }

    /// <summary>virDomainBlockInfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BlockInfo
    {
        public ulong CapacityBytes;
        public ulong AllocationBytes;
        public ulong PhysicalBytes;
    }
}
