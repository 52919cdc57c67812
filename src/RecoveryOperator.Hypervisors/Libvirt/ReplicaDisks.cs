using System.Text.Json;
using RecoveryOperator.Hypervisors.Native;
using RecoveryOperator.Hypervisors.Nbd.Server;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// Where in the vault the disks of replicas are: a file for each replica (<c>ro-ID-vault.json</c>) in a folder that nobody but this process's user may pass into, because it holds grants and
/// says what is read for whoever asks. It is written before the machine is defined, read anew whenever a machine opens a disk, and deleted with the overlays. A disk's export
/// is named as its overlay (<c>ro-ID-TARGET</c>).
/// </summary>
internal sealed class ReplicaDisks(string directory, Func<string, ReplicaDisk, INbdExport> open)
{
    private const string FileSuffix = "-vault.json";

    /// <summary>Name of a replica's disk for those who read it.</summary>
    public static string ExportName(Guid replica, string target) => $"ro-{replica}-{target}";

    /// <summary>Notes where a replica's disks are, in place of what was noted before; durable.</summary>
    public void Put(Guid replica, IEnumerable<(string Target, ReplicaDisk Disk)> disks)
    {
        var note = new Note([.. disks.Select(disk => new NotedDisk(disk.Target, disk.Disk.Index, disk.Disk.SizeBytes, disk.Disk.SnapshotUri, disk.Disk.SumsUri))]);
        DurableFile.Write(PathOf(replica), JsonSerializer.SerializeToUtf8Bytes(note, JsonSerializerOptions.Web), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Whether something is known about a replica.</summary>
    public bool Has(Guid replica) => File.Exists(PathOf(replica));

    /// <summary>Forgets where a replica's disks are. No-op when nothing is known.</summary>
    public void Delete(Guid replica) => File.Delete(PathOf(replica));

    /// <summary>The replicas that something is known about.</summary>
    public IReadOnlyList<Guid> All() =>
    [
        .. Directory.EnumerateFiles(directory, $"ro-*{FileSuffix}")
            .Select(path => Path.GetFileName(path)[3..^FileSuffix.Length])
            .Where(id => Guid.TryParseExact(id, "D", out _))
            .Select(Guid.Parse),
    ];

    /// <summary>Makes the folder, for this process's user only, whatever it was before.</summary>
    public void MakeDirectory()
    {
        Directory.CreateDirectory(directory);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The disk of an export; null when there is none.</summary>
    public INbdExport? Find(string export)
    {
        if (PartsOf(export) is not var (replica, _) || !Has(replica)) return null;
        var disk = JsonSerializer.Deserialize<Note>(File.ReadAllBytes(PathOf(replica)), JsonSerializerOptions.Web)?.Disks.FirstOrDefault(disk => ExportName(replica, disk.Target) == export);
        return disk is null ? null : open(export, new ReplicaDisk(disk.Index, disk.SizeBytes, disk.SnapshotUri, disk.SumsUri));
    }

    /// <summary>Replica and target of an export's name; null when it is none.</summary>
    public static (Guid Replica, string Target)? PartsOf(string export)
    {
        const int idStart = 3;
        const int idLength = 36;
        return export.StartsWith("ro-", StringComparison.Ordinal) && export.Length > idStart + idLength + 1 && Guid.TryParseExact(export.AsSpan(idStart, idLength), "D", out var replica)
            ? (replica, export[(idStart + idLength + 1)..])
            : null;
    }

    private string PathOf(Guid replica) => Path.Combine(directory, $"ro-{replica}{FileSuffix}");

    private sealed record Note(IReadOnlyList<NotedDisk> Disks);

    /// <summary>Files of earlier versions name no checksums: what is read is not compared then.</summary>
    private sealed record NotedDisk(string Target, int Index, long SizeBytes, Uri SnapshotUri, Uri? SumsUri = null);
}
