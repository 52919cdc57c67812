using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// How this product's things are named on a host, so that they are recognised after a crash. Checkpoint: <c>ro-OWNER__ID</c>; scratch file:
/// <c>ro-OWNER__UUID.TOKEN.TARGET</c>; socket: <c>ro-HASH-TOKEN.sock</c> (a socket's path is bounded, so a hash stands for owner and machine).
/// libvirt's schema allows <c>[A-Za-z0-9_.-]</c> in a checkpoint's name: other characters, and <c>_</c>, are written <c>_xx</c>, so
/// that <c>__</c> separates and one owner's prefix is never part of another's.
/// </summary>
internal static class LibvirtNames
{
    /// <summary>The metadata element of a machine that this product created.</summary>
    public static readonly XNamespace Replica = "https://recoveryoperator.io/libvirt/replica/1";

    /// <summary>The metadata element of a machine that is off and was started, paused, only to be read.</summary>
    public static readonly XNamespace Hold = "https://recoveryoperator.io/libvirt/hold/1";

    /// <summary>The checkpoint that a replica's tracking starts with.</summary>
    public static readonly ChangeTrackingId First = new("first");

    public static string Checkpoint(string owner, ChangeTrackingId id) => Prefix(owner) + Escape(id.Value);

    /// <summary>The owner's checkpoints among all, in the same order. A name that only looks like one (a person may have made it) is left out.</summary>
    public static IReadOnlyList<ChangeTrackingId> OwnCheckpoints(IEnumerable<string> names, string owner) =>
    [
        .. names.Where(name => name.StartsWith(Prefix(owner), StringComparison.Ordinal))
            .Select(name => (Name: name, Id: new ChangeTrackingId(Unescape(name[Prefix(owner).Length..]))))
            .Where(own => Checkpoint(owner, own.Id) == own.Name)
            .Select(own => own.Id),
    ];

    /// <summary>Start of the names of all scratch files of an owner on a machine.</summary>
    public static string ScratchPrefix(string owner, string machineId) => $"{Prefix(owner)}{machineId}.";

    /// <summary>Start of the names of all sockets of an owner on a machine.</summary>
    public static string SocketPrefix(string owner, string machineId) =>
        $"ro-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{owner}\n{machineId}")).AsSpan(0, 6))}-";

    /// <summary>A UUID that is the same for the same operation, so that creating a replica twice makes one.</summary>
    public static Guid ReplicaId(string owner, string operationId)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{owner}\n{operationId}")).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    private static string Prefix(string owner) => $"ro-{Escape(owner)}__";

    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)value) || value is (byte)'-' or (byte)'.') escaped.Append((char)value);
            else escaped.Append(CultureInfo.InvariantCulture, $"_{value:x2}");
        }

        return escaped.ToString();
    }

    private static string Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            byte value = 0;
            var escaped = text[i] == '_' && i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
            bytes.Add(escaped ? value : (byte)text[i]);
            if (escaped) i += 2;
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
