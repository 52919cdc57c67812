using System.Text.RegularExpressions;

namespace RecoveryOperator.Hypervisors.Libvirt.Native;

/// <summary>Turns libvirt's last error into a classified exception, once and in one place.</summary>
internal static partial class LibvirtError
{
    /// <summary>
    /// The error that the thread's last call left. Must be asked for on the thread that made the call, before any other call.
    /// </summary>
    /// <param name="action">What was tried, to follow "cannot".</param>
    /// <param name="target">On what.</param>
    public static HypervisorException Last(string action, string target)
    {
        var code = LibvirtNative.GetLastErrorCode();
        var text = $"cannot {action} of {target}: {Redact(LibvirtNative.GetLastErrorMessage())} (libvirt error {(int)code})";
        if (IsTrackingLost(code, text))
            return new ChangeTrackingLostException(text, "resynchronize the machine: its change tracking starts again with the next full pass");
        var (fault, remedy) = Classify(code, text);
        return new LibvirtException(code, fault, text, remedy);
    }

    /// <summary>QEMU names a disk's whole URL in its errors; what follows the question mark is the grant.</summary>
    internal static string Redact(string text) => UrlQuery().Replace(text, "$1?(secret)");

    [GeneratedRegex("""(https?://[^\s?'"]+)\?[^\s'"]+""")]
    private static partial Regex UrlQuery();

    /// <summary>A bitmap that a killed QEMU never stored has no code of its own when it is missed on deletion.</summary>
    private static bool IsTrackingLost(LibvirtErrorCode code, string text) =>
        code is LibvirtErrorCode.CheckpointInconsistent or LibvirtErrorCode.NoDomainCheckpoint ||
        (code == LibvirtErrorCode.InternalError && text.Contains("bitmap '", StringComparison.Ordinal) && text.Contains("not found", StringComparison.Ordinal));

    private static (HypervisorFault Fault, string Remedy) Classify(LibvirtErrorCode code, string text) => code switch
    {
        _ when text.Contains("No space left", StringComparison.OrdinalIgnoreCase) =>
            (HypervisorFault.NoSpace, "free space on the host's scratch and storage file systems"),
        LibvirtErrorCode.NoDomain or LibvirtErrorCode.NoNetwork => (HypervisorFault.NotFound, "check the name, and that it is defined on this host"),
        LibvirtErrorCode.DomainExists => (HypervisorFault.Conflict, "choose another name or remove the machine that has it"),
        LibvirtErrorCode.OperationDenied or LibvirtErrorCode.AccessDenied or LibvirtErrorCode.AuthenticationFailed =>
            (HypervisorFault.AccessDenied, "let the agent's user manage libvirt (group libvirt, or a polkit rule)"),
        LibvirtErrorCode.ConfigUnsupported or LibvirtErrorCode.ArgumentUnsupported or LibvirtErrorCode.OperationUnsupported =>
            (HypervisorFault.Unsupported, "change the machine's definition as the message says, or update libvirt and QEMU"),
        LibvirtErrorCode.NoConnect or LibvirtErrorCode.InvalidConnection or LibvirtErrorCode.Rpc or LibvirtErrorCode.SystemError =>
            (HypervisorFault.Transient, "check that libvirtd runs on this host; it is tried again"),
        LibvirtErrorCode.OperationInvalid or LibvirtErrorCode.BlockCopyActive or LibvirtErrorCode.ResourceBusy or LibvirtErrorCode.OperationTimeout =>
            (HypervisorFault.Transient, "another job or change of state may be in the way; it is tried again"),
        _ => (HypervisorFault.Transient, "see the host's libvirtd and QEMU logs; it is tried again"),
    };
}

/// <summary>A classified error that still knows libvirt's code, for the few callers to which a certain code is an answer.</summary>
internal sealed class LibvirtException(LibvirtErrorCode code, HypervisorFault fault, string message, string remedy)
    : HypervisorException(fault, message, remedy)
{
    public LibvirtErrorCode Code { get; } = code;
}
