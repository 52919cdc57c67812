namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// Begins the runner of a protection anew, until it runs: a change for which it was stopped failed, or it did not begin with the agent. Nobody else may come for days.
/// </summary>
internal sealed class Revival(EngineServices services, RunnerSet runners, ChangeLocks changes) : IAsyncDisposable
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Task> _underWay = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>A protection's runner may not run. The caller need not hold its lock, and does not wait.</summary>
    public void Begin(string protectionId)
    {
        lock (_underWay)
        {
            if (_underWay.GetValueOrDefault(protectionId) is null or { IsCompleted: true })
                _underWay[protectionId] = Task.Run(() => RunAsync(protectionId));
        }
    }

    /// <summary>Gives up.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        Task[] underWay;
        lock (_underWay)
            underWay = [.. _underWay.Values];
        await Task.WhenAll(underWay);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(StopAsync());

    private async Task RunAsync(string protectionId)
    {
        while (!await TryAsync(protectionId))
            await Task.Delay(AgainAfter, services.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <returns>True when there is nothing left to do.</returns>
    private async Task<bool> TryAsync(string protectionId)
    {
        try
        {
            using IDisposable change = await changes.TakeAsync(protectionId, _stop.Token);
            _stop.Token.ThrowIfCancellationRequested();
            await runners.TakeAsync(protectionId);
            return true;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return true; // The agent stops.
        }
        catch (Exception fault)
        {
            ProtectionRunner? former = runners.Find(protectionId);
            services.Logger.NotBegun(former?.Context.DisplayName ?? protectionId, AgainAfter, fault);
            former?.ShowBroken(fault);
            return false;
        }
    }
}
