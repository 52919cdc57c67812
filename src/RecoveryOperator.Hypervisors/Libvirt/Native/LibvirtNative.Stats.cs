using System.Runtime.InteropServices;

namespace RecoveryOperator.Hypervisors.Libvirt.Native;

internal static unsafe partial class LibvirtNative
{
    [LibraryImport(Library, EntryPoint = "virConnectGetAllDomainStats")]
    internal static partial int ConnectGetAllDomainStats(ConnectionHandle connection, uint stats, out DomainStatsRecord** records, uint flags);

    [LibraryImport(Library, EntryPoint = "virDomainStatsRecordListFree")]
    internal static partial void DomainStatsFree(DomainStatsRecord** records);

    [LibraryImport(Library, EntryPoint = "virDomainGetUUIDString")]
    internal static partial int DomainGetUuid(nint domain, byte* buffer);

    /// <summary>virDomainStatsRecord.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct DomainStatsRecord
    {
        public nint Domain;
        public TypedParameter* Parameters;
        public int Count;
    }

    /// <summary>virTypedParameter.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 96)]
    internal struct TypedParameter
    {
        [FieldOffset(0)]
        public fixed byte Field[80];

        [FieldOffset(80)]
        public int Type;

        [FieldOffset(88)]
        public ulong Number;

        [FieldOffset(88)]
        public nint Text;

        public readonly string Name
        {
            get
            {
                fixed (byte* name = Field) return Marshal.PtrToStringUTF8((nint)name)!;
            }
        }
    }
}
