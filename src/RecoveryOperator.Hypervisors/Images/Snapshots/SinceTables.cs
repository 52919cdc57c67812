using RecoveryOperator.Hypervisors.Images.Tracking;

namespace RecoveryOperator.Hypervisors.Images.Snapshots;

/// <summary>The tables of the checkpoint that changes are wanted since, all verified.</summary>
internal sealed class SinceTables : IDisposable
{
    private readonly Dictionary<string, ChecksumTable> tables = [];

    /// <summary>Opens the tables of the wanted disks; none at all when <paramref name="since"/> is null.</summary>
    /// <exception cref="ChangeTrackingLostException">The checkpoint or one of its tables is missing or damaged.</exception>
    public static SinceTables Open(
        CheckpointStore checkpoints, string machineId, string owner, ChangeTrackingId? since, IEnumerable<string> targets)
    {
        var opened = new SinceTables();
        if (since is not { } id)
        {
            return opened;
        }

        try
        {
            var checkpoint = checkpoints.Require(machineId, owner, id);
            foreach (var target in targets)
            {
                if (checkpoints.OpenTable(owner, checkpoint, target) is { } table)
                {
                    opened.tables.Add(target, table);
                }
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Table of a disk; null when the checkpoint did not cover it.</summary>
    public ChecksumTable? Find(string target) => tables.GetValueOrDefault(target);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var table in tables.Values)
        {
            table.Dispose();
        }
    }
}
