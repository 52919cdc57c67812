using System.Collections.Concurrent;
using RecoveryOperator.Agent.State;

namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// The runners of a host's protections. Whoever stops, begins or takes one holds its protection's lock in <see cref="ChangeLocks"/>, so that never two run for one protection.
/// </summary>
internal sealed class RunnerSet(EngineServices services, StatusFeed feed)
{
    private readonly ConcurrentDictionary<string, ProtectionRunner> _runners = new(StringComparer.Ordinal);
    private volatile bool _closed;

    /// <summary>All of them, also those that were stopped for a change.</summary>
    public IEnumerable<ProtectionRunner> All => _runners.Values;

    /// <summary>A protection's runner as it is, stopped or not.</summary>
    public ProtectionRunner? Find(string protectionId) => _runners.GetValueOrDefault(protectionId);

    /// <summary>A protection's runner. One that was stopped, or never began, is begun from what is stored.</summary>
    /// <returns>Null when there is no such protection.</returns>
    public async Task<ProtectionRunner?> TakeAsync(string protectionId)
    {
        ProtectionRunner? known = Find(protectionId);
        if (known is not null && (!known.IsStopping || _closed))
            return known;

        await (known?.StopAsync() ?? Task.CompletedTask);
        return services.Store.Load(protectionId) is { } stored ? Begin(stored) : null;
    }

    /// <summary>Ends a protection's runner, and begins another one from what is stored.</summary>
    public async Task<ProtectionRunner> RestartAsync(ProtectionRunner former)
    {
        await former.DisposeAsync();
        return Begin(services.Store.Load(former.Context.Id)
            ?? throw new InvalidOperationException($"The state database has no protection '{former.Context.Id}' any more: it cannot begin again."));
    }

    /// <summary>Begins a protection's runner. What was left of a raise of its epoch is done before it ships anything.</summary>
    public ProtectionRunner Begin(StoredProtection stored)
    {
        StoredProtection raised = EpochRaise.Finish(services, stored);
        ProtectionRunner runner = new(services, raised, (changed, state) => feed.Publish(changed.Context.Id, () => changed.Status, state));
        _runners[stored.Desired.ProtectionId] = runner;
        runner.Start();
        runner.Context.Touch();
        return runner;
    }

    /// <summary>The protection is gone.</summary>
    public async Task RemoveAsync(string protectionId)
    {
        feed.Forget(protectionId);
        if (!_runners.TryRemove(protectionId, out ProtectionRunner? runner))
            return;
        runner.Context.Metrics.Remove();
        await runner.DisposeAsync();
    }

    /// <summary>Stops all; none is begun anew from here on.</summary>
    public Task StopAsync()
    {
        _closed = true;
        return Task.WhenAll(_runners.Values.Select(runner => runner.StopAsync()));
    }
}
