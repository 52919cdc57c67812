using System.Collections.Concurrent;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>All protections of a host: taken up from the state at start, put and removed by the operator, and on their own in between.</summary>
public sealed class ProtectionEngine(EngineServices services) : IHostedService, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ProtectionRunner> _runners = new(StringComparer.Ordinal);
    private readonly ChangeLocks _changes = new();
    private readonly Lock _claims = new();
    private readonly StatusFeed _feed = new(services.Time);

    /// <summary>Free bytes for cuts.</summary>
    public long FreeSpoolBytes => services.Spool.FreeBytes;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (StoredProtection stored in services.Store.LoadAll())
            Begin(stored);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_runners.Values.Select(runner => runner.StopAsync()));

    /// <summary>Sets what is desired for one machine. Idempotent.</summary>
    /// <exception cref="FaultException">Invalid, of a lower epoch, or of a machine that another protection holds.</exception>
    public async Task<ProtectionStatus> PutAsync(DesiredProtection desired, CancellationToken cancellationToken)
    {
        DesiredProtectionRules.Check(desired);
        using IDisposable change = await _changes.TakeAsync(desired.ProtectionId, cancellationToken);
        return await (_runners.TryGetValue(desired.ProtectionId, out ProtectionRunner? known)
            ? PutKnownAsync(known, desired)
            : PutNewAsync(desired, cancellationToken));
    }

    /// <summary>Stops replicating and releases the machine. Idempotent.</summary>
    /// <exception cref="FaultException">The epoch is below the known one.</exception>
    public async Task RemoveAsync(string protectionId, long epoch, CancellationToken cancellationToken)
    {
        using IDisposable change = await _changes.TakeAsync(protectionId, cancellationToken);
        if (!_runners.TryGetValue(protectionId, out ProtectionRunner? runner))
            return;

        RefuseStale(runner, epoch);
        await runner.StopAsync();
        ProtectionContext context = runner.Context;
        try
        {
            if (context.Progress.MachineId is { } machine && await services.Hypervisor.FindAsync(machine, cancellationToken) is not null)
                await services.Hypervisor.ReleaseAsync(machine, protectionId, cancellationToken);
        }
        catch
        {
            // Not released: it stays as it was, and removing it is tried again by the caller.
            await RestartAsync(runner);
            throw;
        }

        services.Store.Remove(protectionId);
        services.Spool.DeleteAll(protectionId);
        _runners.TryRemove(protectionId, out _);
        _feed.Forget(protectionId);
        context.Metrics.Remove();
        await runner.DisposeAsync();
        services.Logger.ProtectionRemoved(context.DisplayName, context.Progress.Epoch);
    }

    /// <summary>Records that a protection's epoch ended in the vault. Idempotent; one that is not held is success.</summary>
    /// <exception cref="FaultException">The epoch is below the known one.</exception>
    public async Task FenceAsync(FenceProtectionRequest request, CancellationToken cancellationToken)
    {
        using IDisposable change = await _changes.TakeAsync(request.ProtectionId, cancellationToken);
        if (!_runners.TryGetValue(request.ProtectionId, out ProtectionRunner? runner))
            return;
        RefuseStale(runner, request.Epoch);
        if (runner.Context.Progress.Phase != EnginePhase.Fenced)
            await EpochFence.RunAsync(runner, request.Sequence, request.OperationId, RestartAsync);
    }

    /// <summary>Every protection's status.</summary>
    public IReadOnlyList<ProtectionStatus> List() => [.. _runners.Values.Select(runner => runner.Status)];

    /// <summary>First every protection's status, then each change.</summary>
    public IAsyncEnumerable<ProtectionStatus> WatchAsync(CancellationToken cancellationToken) => _feed.WatchAsync(List, cancellationToken);

    /// <summary>The machine's disks changed: its protection, if it has one, finds out at once.</summary>
    /// <returns>Whether there is one that runs.</returns>
    public bool LookAt(string machineId) =>
        _runners.Values.FirstOrDefault(runner => runner.Context.Progress.MachineId == machineId) is { } runner && runner.LookNow();

    /// <summary>Cuts, ships and commits one set now.</summary>
    /// <exception cref="FaultException">Not known, of another epoch, or the cycle failed.</exception>
    public Task<CutInfo> CutAsync(string protectionId, long epoch, bool bypassLimits, CancellationToken cancellationToken)
    {
        if (!_runners.TryGetValue(protectionId, out ProtectionRunner? runner))
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.ProtectionNotFound,
                $"protection {protectionId}",
                $"This agent has no protection '{protectionId}'.",
                "Put the protection first.");
        }

        RefuseStale(runner, epoch);
        return runner.CutAsync(bypassLimits, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ProtectionRunner runner in _runners.Values)
            await runner.DisposeAsync();
    }

    private async Task<ProtectionStatus> PutNewAsync(DesiredProtection desired, CancellationToken cancellationToken)
    {
        VirtualMachine? machine = await services.Hypervisor.FindAsync(desired.Machine, cancellationToken);
        ProtectionProgress first = new() { Epoch = desired.Epoch, ResyncToken = ResyncWishes.TokenOf(desired), MachineId = machine?.Id };
        StoredProtection stored = new(desired.Clone(), services.Time.GetUtcNow(), first);
        lock (_claims)
        {
            if (machine is not null)
                RefuseClaimed(desired, machine);
            services.Store.Put(desired, stored.GrantedAt, first);
            LogPut(desired);
            return Begin(stored).Status;
        }
    }

    private async Task<ProtectionStatus> PutKnownAsync(ProtectionRunner known, DesiredProtection desired)
    {
        RefuseStale(known, desired.Epoch);
        RefuseWithoutKey(known, desired);
        ProtectionContext context = known.Context;
        bool newGrant = context.Desired.LogContainerUri != desired.LogContainerUri;
        DateTimeOffset grantedAt = newGrant ? services.Time.GetUtcNow() : context.GrantedAt;
        if (!desired.Equals(context.Desired))
        {
            services.Store.Put(desired, grantedAt, context.Progress);
            LogPut(desired);
        }

        if (desired.Epoch > context.Progress.Epoch)
            return (await EpochRaise.RunAsync(services, known, desired, grantedAt, RestartAsync)).Status;

        known.Replace(desired.Clone(), grantedAt);
        return known.Status;
    }

    private async Task<ProtectionRunner> RestartAsync(ProtectionRunner former)
    {
        await former.DisposeAsync();
        return Begin(services.Store.LoadAll().Single(stored => stored.Desired.ProtectionId == former.Context.Id));
    }

    private ProtectionRunner Begin(StoredProtection stored)
    {
        ProtectionRunner runner = new(services, stored, (changed, state) => _feed.Publish(changed.Context.Id, () => changed.Status, state));
        _runners[stored.Desired.ProtectionId] = runner;
        runner.Start();
        runner.Context.Touch();
        return runner;
    }

    private void RefuseClaimed(DesiredProtection desired, VirtualMachine machine)
    {
        ProtectionRunner? holder = _runners.Values.FirstOrDefault(runner => runner.Context.Progress.MachineId == machine.Id);
        if (holder is not null)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.MachineClaimed,
                $"vm {desired.Machine}",
                $"The machine '{machine.Name}' ({machine.Id}) is protected by '{holder.Context.DisplayName}' already.",
                "A machine has one protection: delete one of the two.");
        }
    }

    private static void RefuseStale(ProtectionRunner runner, long epoch)
    {
        long known = runner.Context.Progress.Epoch;
        if (epoch < known)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.StaleEpoch,
                $"protection {runner.Context.DisplayName}",
                $"The command is of epoch {epoch}, epoch {known} is in force.",
                "Read the journal again: somebody else has raised the epoch.");
        }
    }

    /// <summary>Encryption is never switched off, least of all by an operator that is too old to know of it.</summary>
    private static void RefuseWithoutKey(ProtectionRunner runner, DesiredProtection desired)
    {
        if (runner.Context.Desired.PayloadKey is { } held && desired.PayloadKey is null)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.PayloadKeyWithdrawn,
                $"protection {runner.Context.DisplayName}",
                $"The protection is encrypted (data key {held.Id}), and the new one brings no key: its change logs would travel in the clear.",
                "Put spec.encryption of the RecoveryVault back, or use an operator that knows it. Replication goes on as it was.");
        }
    }

    private void LogPut(DesiredProtection desired)
    {
        TimeSpan frequency = desired.CopyFrequency.ToTimeSpan();
        services.Logger.ProtectionPut(desired.DisplayName, desired.Epoch, desired.Machine, frequency, desired.Paused);
    }
}
