using System.Text.Json;

namespace RecoveryOperator.Hypervisors.Libvirt.Quiesce;

/// <summary>Says, from before a guest is frozen until it is certainly thawed, that it may be: <c>&lt;socket prefix&gt;&lt;token&gt;.frozen</c> beside the sockets.</summary>
/// <param name="MachineId">The guest.</param>
/// <param name="Until">When it must be thawed at the latest, by the host's clock.</param>
internal sealed record FreezeMark(string MachineId, DateTimeOffset Until)
{
    private const string Suffix = ".frozen";

    /// <summary>Where a snapshot's mark lies.</summary>
    public static string Path(string runtimeDirectory, string owner, string machineId, string token) =>
        System.IO.Path.Combine(runtimeDirectory, $"{LibvirtNames.SocketPrefix(owner, machineId)}{token}{Suffix}");

    /// <summary>Marks of an owner on a machine.</summary>
    public static IReadOnlyList<string> Of(string runtimeDirectory, string owner, string machineId) => Directory.Exists(runtimeDirectory)
        ? Directory.GetFiles(runtimeDirectory, $"{LibvirtNames.SocketPrefix(owner, machineId)}*{Suffix}")
        : [];

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this));

    /// <summary>Null where there is none; one that a crash cut off, or that is not this guest's, counts as overdue: a thaw too many harms nobody.</summary>
    public static FreezeMark? Read(string path, string machineId)
    {
        try
        {
            if (!File.Exists(path)) return null;
            return JsonSerializer.Deserialize<FreezeMark>(File.ReadAllText(path)) is { } mark && mark.MachineId == machineId ? mark : Overdue(machineId);
        }
        catch (FileNotFoundException)
        {
            return null; // Thawed just now.
        }
        catch (JsonException)
        {
            return Overdue(machineId);
        }
    }

    private static FreezeMark Overdue(string machineId) => new(machineId, DateTimeOffset.MinValue);
}
