using System.Text.Json;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultCommands.Restore;

/// <summary>The folder that a point is restored to: its disks' images, and last of all <c>machine.json</c>, which says what they are.</summary>
internal sealed class RestoredFiles : IDisposable
{
    private const string MachineFile = "machine.json";

    private static readonly JsonSerializerOptions _indented = new(VaultJson.Options) { WriteIndented = true };

    private readonly string _folder;
    private readonly string _format;
    private readonly Dictionary<int, DiskImage> _images = [];

    /// <summary>Looks at the folder and creates it; writes no file yet.</summary>
    /// <exception cref="CommandFailedException">Something that would be overwritten stands there.</exception>
    public RestoredFiles(string folder, string format, RecoveryPointDocument point, bool mayOverwrite)
    {
        _folder = Path.GetFullPath(folder);
        _format = format;
        string? standing = point.Disks.Select(PathOf).Append(Path.Combine(_folder, MachineFile)).FirstOrDefault(File.Exists);
        if (standing is not null && !mayOverwrite)
            throw new CommandFailedException($"{standing} exists already. Give an empty folder with --to, or --overwrite to replace it.");

        DurableFolder.Create(_folder);
    }

    /// <summary>Where the disks go, in order.</summary>
    public IEnumerable<string> Paths => _images.OrderBy(image => image.Key).Select(image => image.Value.Path);

    /// <summary>Bytes that can be written to the folder.</summary>
    public long FreeBytes => new DriveInfo(_folder).AvailableFreeSpace;

    /// <summary>Begins a disk.</summary>
    public DiskImage Begin(PointDisk disk) => _images[disk.Index] = DiskImage.Create(_format, PathOf(disk), disk.SizeBytes);

    /// <summary>Makes all files whole, then gives them their names, <c>machine.json</c> last.</summary>
    public void Finish(VaultMachine machine, PointVerification verification, DateTimeOffset now)
    {
        foreach (DiskImage image in _images.Values)
            image.Complete();

        // An older machine.json would describe the new images wrongly until its own turn comes.
        File.Delete(Path.Combine(_folder, MachineFile));
        foreach (DiskImage image in _images.Values)
            image.Finish();
        if (NativeDefinition(verification.Point.Machine) is { } native)
            Write("machine.xml", System.Text.Encoding.UTF8.GetBytes(native));
        DurableFolder.Flush(_folder);
        Write(MachineFile, JsonSerializer.SerializeToUtf8Bytes(Describe(machine, verification, now), _indented));
        DurableFolder.Flush(_folder);
    }

    /// <summary>Removes what was written.</summary>
    public void Abandon()
    {
        foreach (DiskImage image in _images.Values)
            image.Abandon();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DiskImage image in _images.Values)
            image.Dispose();
    }

    private static string? NativeDefinition(MachineRecord machine) =>
        machine.Definition.ValueKind == JsonValueKind.Object
        && machine.Definition.TryGetProperty("nativeDefinition", out JsonElement native) && native.ValueKind == JsonValueKind.String
            ? native.GetString()
            : null;

    /// <summary>Names come from the source machine: only what is harmless in a path is used of them.</summary>
    private string PathOf(PointDisk disk)
    {
        string target = string.Concat(disk.Target.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_').Take(32));
        return Path.Combine(_folder, $"disk-{disk.Index}{(target.Length > 0 ? $"-{target}" : "")}.{_format}");
    }

    private object Describe(VaultMachine machine, PointVerification verification, DateTimeOffset now)
    {
        RecoveryPointDocument point = verification.Point;
        return new
        {
            protectionId = machine.Id.ToString(),
            @namespace = machine.Vm?.Namespace,
            name = machine.Vm?.Name,
            cluster = machine.Vm?.Cluster,
            point = new { point.Epoch, point.Sequence, point.Instant, point.Consistency, point.ClockSkew },
            restoredAt = now,
            verified = verification.IsWhole,
            format = _format,
            disks = point.Disks.OrderBy(disk => disk.Index).Select(disk => new { file = Path.GetFileName(PathOf(disk)), disk.Index, disk.Target, disk.SizeBytes }),
            damage = verification.Disks.Where(disk => !disk.IsWhole).Select(disk => new { disk.Index, disk.BadBlocks, disk.BadRanges, disk.Fault }),
            machine = point.Machine,
        };
    }

    private void Write(string name, byte[] content)
    {
        string path = Path.Combine(_folder, name);
        using (FileStream file = new($"{path}.partial", FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move($"{path}.partial", path, overwrite: true);
    }
}
