using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>
/// A checkpoint being written. It exists for others from <see cref="Publish"/> on, in full; before that disposing it, or a clean-up after a
/// crash, removes every trace.
/// </summary>
internal sealed class CheckpointDraft(string draftPath, string finalPath, string id, string machineId, long ordinal) : IDisposable
{
    private readonly Dictionary<string, int> targets = [];
    private bool published;

    /// <summary>Path for the table of a disk, which the caller writes completely and durably before it publishes.</summary>
    public string AddTable(int disk, string target)
    {
        targets.Add(target, disk);
        return Path.Combine(draftPath, StoredCheckpoint.TableName(disk));
    }

    /// <summary>Makes the checkpoint durable and visible in one step.</summary>
    public void Publish()
    {
        DurableFile.Write(Path.Combine(draftPath, StoredCheckpoint.FileName), new StoredCheckpoint(id, machineId, ordinal, targets).ToUtf8());
        Directory.Move(draftPath, finalPath);
        published = true;
        LinuxFile.FlushDirectory(Path.GetDirectoryName(finalPath)!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!published && Directory.Exists(draftPath))
        {
            Directory.Delete(draftPath, recursive: true);
        }
    }
}
