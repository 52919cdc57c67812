using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// Repeats a step until it is stopped. After an error that the step does not answer for (the state's database, above all) it goes on: one that ended would end
/// replication without a word.
/// </summary>
internal sealed class LastingLoop(ProtectionContext context)
{
    private static readonly TimeSpan GoOnAfter = TimeSpan.FromSeconds(5);

    private volatile Fault? _broken;

    /// <summary>What kept the last step from its end; null when nothing did.</summary>
    public Fault? Broken => _broken;

    /// <summary>Runs until it is stopped. What fails then is logged, and fails nobody: whoever stopped it may begin it anew (a new epoch, a fence).</summary>
    public async Task RunAsync(Func<CancellationToken, Task> step, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
                await StepAsync(step, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The agent stops.
        }
        catch (Exception fault) when (stop.IsCancellationRequested)
        {
            context.Services.Logger.StoppedByFailure(context.DisplayName, fault);
        }
    }

    /// <summary>Shows what keeps it from its end.</summary>
    public void Show(Fault? broken)
    {
        bool changed = !Equals(broken, _broken);
        _broken = broken;
        if (changed)
            context.Touch();
    }

    private async Task StepAsync(Func<CancellationToken, Task> step, CancellationToken stop)
    {
        try
        {
            await step(stop);
            Show(null);
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            context.Services.Logger.LoopBroke(context.DisplayName, GoOnAfter, fault);
            Announce(FaultTable.Classify(fault));
            await Task.Delay(GoOnAfter, context.Services.Time, stop);
        }
    }

    /// <summary>Nobody being told must not end the loop.</summary>
    private void Announce(Fault broken)
    {
        try
        {
            Show(broken);
        }
        catch (Exception untold)
        {
            context.Services.Logger.LoopBroke(context.DisplayName, GoOnAfter, untold);
        }
    }
}
