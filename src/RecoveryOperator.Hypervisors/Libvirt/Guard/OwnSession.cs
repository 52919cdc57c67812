using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RecoveryOperator.Hypervisors.Libvirt.Guard;

/// <summary>Leaves the session and process group of whoever started this process: what is sent to those does not reach it.</summary>
internal static partial class OwnSession
{
    /// <summary>Begins one. False when this process leads one already.</summary>
    /// <exception cref="Win32Exception">The kernel refused for another reason.</exception>
    public static bool Begin()
    {
        const int NotPermitted = 1; // EPERM: it leads a process group already.
        if (SetSession() >= 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error == NotPermitted ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static partial int SetSession();
}
