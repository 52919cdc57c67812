using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>All protections of a host: taken up from the state at start, put and removed by the operator, and on their own in between.</summary>
public sealed class ProtectionEngine : IHostedService, IAsyncDisposable
{
    private readonly EngineServices _services;
    private readonly ChangeLocks _changes = new();
    private readonly Lock _claims = new();
    private readonly StatusFeed _feed;
    private readonly RunnerSet _runners;
    private readonly Revival _revival;

    /// <param name="services">What all protections share.</param>
    public ProtectionEngine(EngineServices services)
    {
        _services = services;
        _feed = new StatusFeed(services.Time);
        _runners = new RunnerSet(services, _feed);
        _revival = new Revival(services, _runners, _changes);
    }

    /// <summary>Free bytes for cuts.</summary>
    public long FreeSpoolBytes => _services.Spool.FreeBytes;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (StoredProtection stored in _services.Store.LoadAll())
            await BeginOrReviveAsync(stored.Desired, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _revival.StopAsync();
        await _runners.StopAsync();
    }

    /// <summary>Sets what is desired for one machine. Idempotent.</summary>
    /// <exception cref="FaultException">Invalid, of a lower epoch, or of a machine that another protection holds.</exception>
    public Task<ProtectionStatus> PutAsync(DesiredProtection desired, CancellationToken cancellationToken)
    {
        DesiredProtectionRules.Check(desired);
        return ChangeAsync(
            desired.ProtectionId,
            async () => await _runners.TakeAsync(desired.ProtectionId) is { } known
                ? await PutKnownAsync(known, desired)
                : await PutNewAsync(desired, cancellationToken),
            cancellationToken);
    }

    /// <summary>Stops replicating and releases the machine. Idempotent.</summary>
    /// <exception cref="FaultException">The epoch is below the known one.</exception>
    public Task RemoveAsync(string protectionId, long epoch, CancellationToken cancellationToken) => ChangeAsync(
        protectionId,
        async () =>
        {
            // One that could not begin is removed all the same, so what is stored decides.
            if (_services.Store.Load(protectionId) is { } stored)
            {
                CommandRules.RefuseStale(stored.Desired, epoch);
                await RemoveAsync(stored.Desired, cancellationToken);
            }

            return true;
        },
        cancellationToken);

    /// <summary>Records that a protection's epoch ended in the vault. Idempotent; one that is not held is success.</summary>
    /// <exception cref="FaultException">The epoch is below the known one.</exception>
    public Task FenceAsync(FenceProtectionRequest request, CancellationToken cancellationToken) => ChangeAsync(
        request.ProtectionId,
        async () =>
        {
            if (await _runners.TakeAsync(request.ProtectionId) is not { } runner)
                return false;
            CommandRules.RefuseStale(runner.Context.Desired, request.Epoch);
            if (runner.Context.Progress.Phase == EnginePhase.Fenced)
                return false;
            await EpochFence.WriteAsync(runner, request.Sequence, request.OperationId);
            await _runners.RestartAsync(runner);
            return true;
        },
        cancellationToken);

    /// <summary>Every protection's status.</summary>
    public IReadOnlyList<ProtectionStatus> List() => [.. _runners.All.Select(runner => runner.Status)];

    /// <summary>First every protection's status, then each change.</summary>
    public IAsyncEnumerable<ProtectionStatus> WatchAsync(CancellationToken cancellationToken) => _feed.WatchAsync(List, cancellationToken);

    /// <summary>The machine's disks changed: its protection, if it has one, finds out at once.</summary>
    /// <returns>Whether there is one that runs.</returns>
    public bool LookAt(string machineId) =>
        _runners.All.FirstOrDefault(runner => runner.Context.Progress.MachineId == machineId) is { } runner && runner.LookNow();

    /// <summary>Cuts, ships and commits one set now.</summary>
    /// <exception cref="FaultException">Not known, of another epoch, or the cycle failed.</exception>
    public Task<CutInfo> CutAsync(string protectionId, long epoch, bool bypassLimits, CancellationToken cancellationToken)
    {
        if (_runners.Find(protectionId) is not { } runner)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.ProtectionNotFound,
                $"protection {protectionId}",
                $"This agent has no protection '{protectionId}'.",
                "Put the protection first.");
        }

        CommandRules.RefuseStale(runner.Context.Desired, epoch);
        return runner.CutAsync(bypassLimits, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _revival.DisposeAsync();
        await _runners.StopAsync();
        foreach (ProtectionRunner runner in _runners.All)
            await runner.DisposeAsync();
    }

    /// <summary>One change of a protection at a time. After one that failed the protection goes on, as far as it was stored.</summary>
    private async Task<T> ChangeAsync<T>(string protectionId, Func<Task<T>> change, CancellationToken cancellationToken)
    {
        using IDisposable held = await _changes.TakeAsync(protectionId, cancellationToken);
        try
        {
            return await change();
        }
        catch
        {
            _revival.Begin(protectionId);
            throw;
        }
    }

    private async Task<ProtectionStatus> PutNewAsync(DesiredProtection desired, CancellationToken cancellationToken)
    {
        VirtualMachine? machine = await _services.Hypervisor.FindAsync(desired.Machine, cancellationToken);
        ProtectionProgress first = new() { Epoch = desired.Epoch, ResyncToken = ResyncWishes.TokenOf(desired), MachineId = machine?.Id };
        StoredProtection stored = new(desired.Clone(), _services.Time.GetUtcNow(), first);
        lock (_claims)
        {
            if (machine is not null)
                CommandRules.RefuseClaimed(_runners.All, desired, machine);
            _services.Store.Put(desired, stored.GrantedAt, first);
            LogPut(desired);
            return _runners.Begin(stored).Status;
        }
    }

    private async Task<ProtectionStatus> PutKnownAsync(ProtectionRunner known, DesiredProtection desired)
    {
        CommandRules.RefuseStale(known.Context.Desired, desired.Epoch);
        CommandRules.RefuseWithoutKey(known.Context.Desired, desired);
        ProtectionContext context = known.Context;
        bool newGrant = context.Desired.LogContainerUri != desired.LogContainerUri;
        DateTimeOffset grantedAt = newGrant ? _services.Time.GetUtcNow() : context.GrantedAt;
        bool raises = desired.Epoch > context.Progress.Epoch;
        if (raises)
            await known.StopAsync(); // Nothing of the former epoch is shipped from here on.
        if (!desired.Equals(context.Desired))
        {
            _services.Store.Put(desired, grantedAt, context.Progress);
            LogPut(desired);
        }

        if (raises)
            return (await _runners.RestartAsync(known)).Status;
        known.Replace(desired.Clone(), grantedAt);
        return known.Status;
    }

    private async Task RemoveAsync(DesiredProtection desired, CancellationToken cancellationToken)
    {
        string id = desired.ProtectionId;
        if (_runners.Find(id) is { } runner)
            await runner.StopAsync();

        // Read again: where it was claimed and what it did last is stored by now.
        ProtectionProgress progress = _services.Store.Load(id)!.Progress;
        if (progress.MachineId is { } machine && await _services.Hypervisor.FindAsync(machine, cancellationToken) is not null)
            await _services.Hypervisor.ReleaseAsync(machine, id, cancellationToken);
        _services.Spool.DeleteAll(id); // Before its row: without that, nobody would look for it again.
        _services.Store.Remove(id);
        await _runners.RemoveAsync(id);
        _services.Logger.ProtectionRemoved(desired.DisplayName, progress.Epoch);
    }

    /// <summary>One that cannot begin holds up no other.</summary>
    private async Task BeginOrReviveAsync(DesiredProtection desired, CancellationToken cancellationToken)
    {
        try
        {
            await ChangeAsync(desired.ProtectionId, () => _runners.TakeAsync(desired.ProtectionId), cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            _services.Logger.NotBegun(desired.DisplayName, TimeSpan.Zero, fault);
        }
    }

    private void LogPut(DesiredProtection desired)
    {
        TimeSpan frequency = desired.CopyFrequency.ToTimeSpan();
        _services.Logger.ProtectionPut(desired.DisplayName, desired.Epoch, desired.Machine, frequency, desired.Paused);
    }
}
