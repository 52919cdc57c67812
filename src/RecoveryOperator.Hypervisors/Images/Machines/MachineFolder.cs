using System.Text.Json;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Machines;

/// <summary>The folder of machines. Reads the disk on every call: whatever somebody puts there is seen.</summary>
internal sealed partial class MachineFolder(string root, ILogger logger)
{
    private const int LongestName = 128;

    /// <summary>All machines that can be read, by name. Folders whose name begins with a dot are drafts and left out.</summary>
    public IReadOnlyList<ImagesMachine> List()
    {
        if (!Directory.Exists(root))
        {
            return [];
        }

        return [.. Directory.EnumerateDirectories(root)
            .Where(path => !Path.GetFileName(path).StartsWith('.'))
            .Select(TryLoad)
            .OfType<ImagesMachine>()
            .OrderBy(machine => machine.Name, StringComparer.Ordinal)];
    }

    /// <summary>A machine by id or, when none has that id, by name.</summary>
    public ImagesMachine? Find(string idOrName)
    {
        var machines = List();
        return machines.FirstOrDefault(machine => string.Equals(machine.Id, idOrName, StringComparison.OrdinalIgnoreCase))
            ?? machines.FirstOrDefault(machine => machine.Name == idOrName);
    }

    /// <summary>A machine that must be there.</summary>
    /// <exception cref="HypervisorException">It is not.</exception>
    public ImagesMachine Require(string machineId) => Find(machineId) ?? throw new HypervisorException(
        HypervisorFault.NotFound,
        $"There is no machine '{machineId}' in '{root}'.",
        $"Check the name or id; a machine is a folder in '{root}' with a readable {ImagesMachine.DefinitionFileName}.");

    /// <summary>Names of the host's networks: those in <c>networks.json</c>, else <c>default</c>.</summary>
    /// <exception cref="HypervisorException">The file is damaged.</exception>
    public IReadOnlyList<string> Networks()
    {
        var path = Path.Combine(root, "networks.json");
        if (!File.Exists(path))
        {
            return ["default"];
        }

        try
        {
            return JsonSerializer.Deserialize<List<string>>(File.ReadAllBytes(path)) ?? [];
        }
        catch (JsonException e)
        {
            throw new HypervisorException(
                HypervisorFault.Unsupported,
                $"'{path}' is not a JSON list of network names: {e.Message}",
                "Write the names of the networks into it, for example [\"default\"].",
                e);
        }
    }

    /// <summary>Path of the folder that a machine of this name has.</summary>
    /// <exception cref="HypervisorException">The name cannot be that of a folder.</exception>
    public string PathOf(string name)
    {
        if (name.Length is 0 or > LongestName || name[0] == '.' || name.Any(c => c == '/' || char.IsControl(c)))
        {
            throw new HypervisorException(
                HypervisorFault.Unsupported,
                $"'{name}' cannot be the name of a machine of the Images driver.",
                $"Use 1 to {LongestName} characters without slashes and control characters, not beginning with a dot.");
        }

        return Path.Combine(root, name);
    }

    /// <summary>Path of a draft folder, which no listing shows.</summary>
    public string DraftPathOf(string kind, string id) => Path.Combine(root, $".{kind}-{id}");

    /// <summary>Free bytes where machines lie.</summary>
    public long FreeBytes() => new DriveInfo(Path.GetFullPath(root)).AvailableFreeSpace;

    /// <summary>Writes a machine's definition.</summary>
    public static void Save(ImagesMachine machine) => DurableFile.Write(machine.DefinitionPath, machine.File.ToUtf8());

    private ImagesMachine? TryLoad(string path)
    {
        if (!File.Exists(Path.Combine(path, ImagesMachine.DefinitionFileName)))
        {
            return null;
        }

        try
        {
            return ImagesMachine.Load(path);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // One damaged machine must not hide the others.
            LogUnreadable(e, path);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The machine in {path} is left out: its machine.json cannot be read")]
    private partial void LogUnreadable(Exception error, string path);
}
