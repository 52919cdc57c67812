namespace RecoveryOperator.Hypervisors.Libvirt.Quiesce;

/// <summary>One freeze around the begin of a job: begun before it, ended right after it, on every path.</summary>
internal sealed class Quiescence
{
    private readonly GuestFreezer _freezer;
    private readonly string _path;
    private readonly FreezeMark? _mark;
    private readonly TimeSpan _within;
    private readonly TimeProvider _time;
    private readonly long _began;
    private SnapshotConsistency? _failure;
    private bool _ended;

    private Quiescence(GuestFreezer freezer, string path, FreezeMark? mark, TimeSpan within, TimeProvider time, SnapshotConsistency? failure) =>
        (_freezer, _path, _mark, _within, _time, _began, _failure) = (freezer, path, mark, within, time, time.GetTimestamp(), failure);

    /// <summary>Freezes where it is asked for.</summary>
    /// <param name="freezer">Freezes.</param>
    /// <param name="path">Where the mark lies while the guest may be frozen.</param>
    /// <param name="machineId">The guest.</param>
    /// <param name="within">For how long at most; null: not at all.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Looked at before it begins.</param>
    public static async Task<Quiescence> BeginAsync(
        GuestFreezer freezer, string path, string machineId, TimeSpan? within, TimeProvider time, CancellationToken cancellationToken)
    {
        if (within is not { } limit) return new Quiescence(freezer, path, null, default, time, SnapshotConsistency.Crash);
        cancellationToken.ThrowIfCancellationRequested();
        var mark = new FreezeMark(machineId, time.GetUtcNow() + limit);
        var quiescence = new Quiescence(freezer, path, mark, limit, time, null); // Its clock cannot be set back, as the mark's can.
        mark.Write(path);
        try
        {
            quiescence._failure = await freezer.FreezeAsync(machineId, limit, CancellationToken.None).ConfigureAwait(false);
            return quiescence;
        }
        catch
        {
            await quiescence.EndAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Thaws. What cannot be thawed now keeps its mark: the guard goes on, and the next clean-up.</summary>
    /// <returns>What the instant is, if the job began between begin and end.</returns>
    public async Task<SnapshotConsistency> EndAsync()
    {
        if (_mark is null || _ended) return _failure ?? SnapshotConsistency.Crash;
        _ended = true;
        if (_failure?.Reason is QuiesceReasons.GuestAgentNotConnected or QuiesceReasons.MachineNotRunning)
        {
            File.Delete(_path); // The freeze never left this host.
            return _failure;
        }

        var wasFrozen = _failure is null;
        var thawed = await _freezer.TryThawAsync(_path, _mark).ConfigureAwait(false);
        if (wasFrozen && thawed is null) _failure = GuestFreezer.ThawFailed("the guest agent did not confirm the thaw; it is tried until it does");
        else if (wasFrozen && thawed == 0) _failure = GuestFreezer.ThawFailed("the guest was not frozen any more when the job had begun: it was started anew, or somebody else thawed it");
        else if (wasFrozen && _time.GetElapsedTime(_began) > _within) _failure = GuestFreezer.ThawFailed("the thaw came after the time that was allowed");
        return _failure ?? SnapshotConsistency.App;
    }
}
