using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// The checkpoints of a protection on a machine. Each has a bitmap of its own in every disk that records from its instant on (tried with
/// libvirt 9.0), so changes since one do not depend on the others; still, they are deleted in the order that would lose nothing if they were merged.
/// </summary>
internal sealed partial class CheckpointStore(LibvirtConnection connection, ILogger logger)
{
    public Task<IReadOnlyList<ChangeTrackingId>> ListAsync(string machineId, string owner, CancellationToken cancellationToken) => connection.RunAsync(
        host =>
        {
            using var domain = host.Get(machineId);
            using var checkpoints = domain.Checkpoints();
            return LibvirtNames.OwnCheckpoints(checkpoints.Names, owner);
        },
        cancellationToken);

    /// <summary>Deletes those before <paramref name="kept"/>, oldest first.</summary>
    public Task CommitAsync(string machineId, string owner, ChangeTrackingId kept, CancellationToken cancellationToken) =>
        DeleteAsync(machineId, owner, all => all.Contains(kept) ? all.TakeWhile(id => id != kept) : [], cancellationToken);

    /// <summary>Deletes <paramref name="abandoned"/> and all later ones, newest first.</summary>
    public Task AbandonAsync(string machineId, string owner, ChangeTrackingId abandoned, CancellationToken cancellationToken) =>
        DeleteAsync(machineId, owner, all => all.SkipWhile(id => id != abandoned).Reverse(), cancellationToken);

    /// <summary>Deletes all, newest first.</summary>
    public Task ReleaseAsync(string machineId, string owner, CancellationToken cancellationToken) =>
        DeleteAsync(machineId, owner, all => all.Reverse(), cancellationToken);

    private Task DeleteAsync(
        string machineId,
        string owner,
        Func<IReadOnlyList<ChangeTrackingId>, IEnumerable<ChangeTrackingId>> choose,
        CancellationToken cancellationToken) => connection.RunAsync(
        host =>
        {
            using var domain = host.Get(machineId);
            using var checkpoints = domain.Checkpoints();
            var doomed = choose(LibvirtNames.OwnCheckpoints(checkpoints.Names, owner)).ToList();
            if (doomed.Count == 0) return;
            var held = DomainHold.Begin(domain, owner);
            try
            {
                foreach (var id in doomed) Delete(checkpoints, domain.Name, LibvirtNames.Checkpoint(owner, id));
            }
            finally
            {
                if (held) DomainHold.End(domain, owner);
            }
        },
        cancellationToken);

    /// <summary>Where a killed QEMU left a bitmap missing or broken, what libvirt remembers of the checkpoint is removed at least.</summary>
    private void Delete(LibvirtCheckpoints checkpoints, string machine, string name)
    {
        try
        {
            checkpoints.Delete(name, metadataOnly: false);
        }
        catch (ChangeTrackingLostException error)
        {
            LogBroken(error, name, machine);
            checkpoints.Delete(name, metadataOnly: true);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The bitmap of checkpoint {Checkpoint} of machine {Machine} is broken; only its metadata is removed")]
    private partial void LogBroken(Exception error, string checkpoint, string machine);
}
