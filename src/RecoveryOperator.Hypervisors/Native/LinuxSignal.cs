using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RecoveryOperator.Hypervisors.Native;

/// <summary>Signals that cannot hit a foreign process, not even when the id is reused between check and signal.</summary>
internal static partial class LinuxSignal
{
    /// <summary>SIGKILL.</summary>
    public const int Kill = 9;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    private const nint SendSignalCall = 424; // pidfd_send_signal, the same number on every architecture
    private const nint OpenCall = 434; // pidfd_open
    private const int NoSuchProcess = 3; // ESRCH

    /// <summary>Sends a signal to exactly this process; false when it does not live any more.</summary>
    /// <exception cref="IOException">The kernel refused, for example for lack of rights.</exception>
    public static bool Send(ProcessIdentity process, int signal)
    {
        // A pidfd holds on to the process that it was opened for: the identity is checked after, and the signal goes through it.
        using var handle = new SafeFileHandle(OpenProcess(OpenCall, process.ProcessId, 0), ownsHandle: true);
        if (handle.IsInvalid)
        {
            return Marshal.GetLastPInvokeError() == NoSuchProcess ? false : throw Failure(process);
        }

        if (!process.IsAlive())
        {
            return false;
        }

        return SendSignal(SendSignalCall, handle.DangerousGetHandle(), signal, 0, 0) == 0
            || (Marshal.GetLastPInvokeError() == NoSuchProcess ? false : throw Failure(process));
    }

    private static IOException Failure(ProcessIdentity process)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"Signal to process {process.ProcessId} failed: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint OpenProcess(nint call, nint processId, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SendSignal(nint call, nint process, nint signal, nint info, nint flags);
}
