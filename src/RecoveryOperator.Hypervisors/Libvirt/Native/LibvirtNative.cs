using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecoveryOperator.Hypervisors.Libvirt.Native;

/// <summary>The part of libvirt's C API that the driver uses. Strings that libvirt returns for keeps are freed by <see cref="TakeString"/>.</summary>
internal static unsafe partial class LibvirtNative
{
    private const string Library = "libvirt.so.0";

    /// <summary>Loads the library, makes it safe for threads and keeps it from writing errors to the console.</summary>
    internal static void Prepare()
    {
        if (Initialize() < 0) throw LibvirtError.Last("initialise libvirt", "libvirt.so.0");
        SetErrorFunc(0, &Silent);
    }

    /// <summary>The string at a pointer that the caller must free.</summary>
    internal static string TakeString(nint pointer)
    {
        var text = Marshal.PtrToStringUTF8(pointer)!;
        NativeMemory.Free((void*)pointer);
        return text;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Silent(nint userData, nint error)
    {
    }

    [LibraryImport(Library, EntryPoint = "virInitialize")]
    private static partial int Initialize();

    [LibraryImport(Library, EntryPoint = "virSetErrorFunc")]
    private static partial void SetErrorFunc(nint userData, delegate* unmanaged[Cdecl]<nint, nint, void> handler);

    [LibraryImport(Library, EntryPoint = "virResetLastError")]
    internal static partial void ResetLastError();

    [LibraryImport(Library, EntryPoint = "virGetLastErrorCode")]
    internal static partial LibvirtErrorCode GetLastErrorCode();

    [LibraryImport(Library, EntryPoint = "virGetLastErrorMessage")]
    private static partial nint GetLastErrorMessagePointer();

    internal static string GetLastErrorMessage() => Marshal.PtrToStringUTF8(GetLastErrorMessagePointer()) ?? "no error";

    [LibraryImport(Library, EntryPoint = "virConnectOpen", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ConnectionHandle ConnectOpen(string uri);

    [LibraryImport(Library, EntryPoint = "virConnectClose")]
    internal static partial int ConnectClose(nint connection);

    [LibraryImport(Library, EntryPoint = "virConnectIsAlive")]
    internal static partial int ConnectIsAlive(ConnectionHandle connection);

    [LibraryImport(Library, EntryPoint = "virConnectGetHostname")]
    internal static partial nint ConnectGetHostname(ConnectionHandle connection);

    [LibraryImport(Library, EntryPoint = "virConnectGetLibVersion")]
    internal static partial int ConnectGetLibVersion(ConnectionHandle connection, out CULong version);

    [LibraryImport(Library, EntryPoint = "virConnectGetVersion")]
    internal static partial int ConnectGetVersion(ConnectionHandle connection, out CULong version);

    [LibraryImport(Library, EntryPoint = "virConnectListAllDomains")]
    internal static partial int ConnectListAllDomains(ConnectionHandle connection, out nint* domains, uint flags);

    [LibraryImport(Library, EntryPoint = "virConnectListAllNetworks")]
    internal static partial int ConnectListAllNetworks(ConnectionHandle connection, out nint* networks, uint flags);

    [LibraryImport(Library, EntryPoint = "virNetworkGetName")]
    internal static partial nint NetworkGetName(NetworkHandle network);

    [LibraryImport(Library, EntryPoint = "virNetworkIsActive")]
    internal static partial int NetworkIsActive(NetworkHandle network);

    [LibraryImport(Library, EntryPoint = "virNetworkFree")]
    internal static partial int NetworkFree(nint network);
}
