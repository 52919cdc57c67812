using System.Globalization;
using System.Runtime.InteropServices;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>The user that QEMU runs as, and the folders and files that must be its own.</summary>
internal sealed partial class QemuAccount
{
    private const string Accounts = "/etc/passwd";
    private readonly (uint User, uint Group)? _ids;

    private QemuAccount((uint User, uint Group)? ids) => _ids = ids;

    /// <summary>Finds the user; null as its name leaves ownership as it is.</summary>
    /// <exception cref="HypervisorException">There is no such user.</exception>
    public static QemuAccount Find(string? name)
    {
        if (name is null) return new QemuAccount(null);
        var fields = File.ReadLines(Accounts).Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 3 && fields[0] == name)
            ?? throw new HypervisorException(HypervisorFault.NotFound, $"user {name}, which QEMU is said to run as, is not in {Accounts}", "set the QEMU user to the one in /etc/libvirt/qemu.conf, or to none");
        return new QemuAccount((uint.Parse(fields[2], CultureInfo.InvariantCulture), uint.Parse(fields[3], CultureInfo.InvariantCulture)));
    }

    /// <summary>Makes a folder that QEMU can write. No-op when it is there.</summary>
    public void MakeDirectory(string path)
    {
        if (Directory.Exists(path)) return;
        Directory.CreateDirectory(path);
        Own(path);
    }

    /// <summary>Gives a file or folder to QEMU's user. A link is given itself, never what it points to: in a folder of that user's, an escaped guest could make one.</summary>
    public void Own(string path)
    {
        if (_ids is not var (user, group)) return;
        if (ChangeOwner(path, user, group) != 0)
            throw new HypervisorException(HypervisorFault.AccessDenied, $"{path} cannot be given to QEMU's user: {Marshal.GetLastPInvokeErrorMessage()}", "run the agent as root, or set no QEMU user and make the folders its own");
    }

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
