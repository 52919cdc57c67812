using System.Text.Json;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>
/// Checksum tables of all checkpoints: <c>STATE/OWNER/CHECKPOINT/disk-n.sums</c>. Each checkpoint's table is complete by itself, so that
/// removing one never loses what a later comparison with an older one would find.
/// </summary>
internal sealed partial class CheckpointStore(string stateDirectory, ILogger logger)
{
    private const string Remedy = "Resynchronize: the checksums of source and replica are compared and only differences are sent.";

    /// <summary>Checkpoints of a protection that are complete, oldest first.</summary>
    public IReadOnlyList<StoredCheckpoint> List(string machineId, string owner)
    {
        var directory = OwnerPath(owner);
        return !Directory.Exists(directory)
            ? []
            : [.. Directory.EnumerateDirectories(directory)
                .Where(path => !Path.GetFileName(path).StartsWith('.'))
                .Select(TryLoad)
                .OfType<StoredCheckpoint>()
                .Where(checkpoint => checkpoint.MachineId == machineId)
                .OrderBy(checkpoint => checkpoint.Ordinal)];
    }

    /// <summary>A checkpoint that must be there.</summary>
    /// <exception cref="ChangeTrackingLostException">It is not, or it is of another machine.</exception>
    public StoredCheckpoint Require(string machineId, string owner, ChangeTrackingId id) =>
        List(machineId, owner).FirstOrDefault(checkpoint => checkpoint.Id == id.Value)
        ?? throw new ChangeTrackingLostException(
            $"Protection '{owner}' of machine '{machineId}' has no checkpoint '{id}' in '{stateDirectory}'.", Remedy);

    /// <summary>Opens the table of one disk; null when the checkpoint did not cover the disk.</summary>
    /// <exception cref="ChangeTrackingLostException">The table is missing, torn or damaged.</exception>
    public ChecksumTable? OpenTable(string owner, StoredCheckpoint checkpoint, string target)
    {
        if (!checkpoint.Targets.TryGetValue(target, out var number))
        {
            return null;
        }

        try
        {
            return ChecksumTable.Open(Path.Combine(PathOf(owner, checkpoint.Id), StoredCheckpoint.TableName(number)));
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ChangeTrackingLostException(
                $"The checksum table of disk '{target}' at checkpoint '{checkpoint.Id}' of protection '{owner}' cannot be used: {e.Message}",
                Remedy,
                e);
        }
    }

    /// <summary>Begins a checkpoint that comes after all others.</summary>
    /// <exception cref="HypervisorException">The id is in use.</exception>
    public CheckpointDraft Begin(string machineId, string owner, ChangeTrackingId id)
    {
        var finalPath = PathOf(owner, id.Value);
        if (Directory.Exists(finalPath))
        {
            throw new HypervisorException(
                HypervisorFault.Conflict,
                $"Protection '{owner}' of machine '{machineId}' has a checkpoint '{id}' already.",
                "Abandon it first, or use another id.");
        }

        var last = List(machineId, owner) is [.., var newest] ? newest.Ordinal : 0;
        var draftPath = Path.Combine(OwnerPath(owner), $".draft-{Guid.NewGuid():N}");
        Directory.CreateDirectory(draftPath);
        LinuxFile.FlushDirectory(stateDirectory);
        return new CheckpointDraft(draftPath, finalPath, id.Value, machineId, last + 1);
    }

    /// <summary>Removes a checkpoint: at once for every reader, so that a crash leaves none that looks damaged.</summary>
    public void Remove(string owner, StoredCheckpoint checkpoint)
    {
        var removed = Path.Combine(OwnerPath(owner), $".removed-{Guid.NewGuid():N}");
        Directory.Move(PathOf(owner, checkpoint.Id), removed);
        LinuxFile.FlushDirectory(OwnerPath(owner));
        Directory.Delete(removed, recursive: true);
    }

    /// <summary>Removes what a crash left behind of drafts and removals; answers how many files.</summary>
    public int CleanUp(string owner)
    {
        if (!Directory.Exists(OwnerPath(owner)))
        {
            return 0;
        }

        var removed = 0;
        foreach (var path in Directory.GetDirectories(OwnerPath(owner), ".*"))
        {
            removed += Directory.GetFiles(path).Length;
            Directory.Delete(path, recursive: true);
        }

        return removed;
    }

    /// <summary>Removes everything of a protection, damaged parts too.</summary>
    public void Release(string owner)
    {
        if (Directory.Exists(OwnerPath(owner)))
        {
            Directory.Delete(OwnerPath(owner), recursive: true);
            LinuxFile.FlushDirectory(stateDirectory);
        }
    }

    /// <summary>Removes all checkpoints of a machine, whoever owns them.</summary>
    public void Forget(string machineId)
    {
        foreach (var directory in Directory.Exists(stateDirectory) ? Directory.GetDirectories(stateDirectory) : [])
        {
            var owner = Uri.UnescapeDataString(Path.GetFileName(directory));
            foreach (var checkpoint in List(machineId, owner))
            {
                Remove(owner, checkpoint);
            }
        }
    }

    private string OwnerPath(string owner) => Path.Combine(stateDirectory, SafeName(owner, "protection id"));

    private string PathOf(string owner, string id) => Path.Combine(OwnerPath(owner), SafeName(id, "checkpoint id"));

    private static string SafeName(string name, string what) =>
        name.Length is > 0 and <= 128 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-')
            ? Uri.EscapeDataString(name)
            : throw new ArgumentException($"'{name}' is no {what}: 1 to 128 characters of [A-Za-z0-9._:-], not beginning with a dot.", nameof(name));

    private StoredCheckpoint? TryLoad(string path)
    {
        try
        {
            return StoredCheckpoint.Load(path);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // Whoever needs this very checkpoint is told that it is lost.
            LogUnreadable(e, path);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The checkpoint in {path} is damaged and left out")]
    private partial void LogUnreadable(Exception error, string path);
}
