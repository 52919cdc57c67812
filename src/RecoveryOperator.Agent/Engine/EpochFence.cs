using RecoveryOperator.Agent.Engine.Steps;

namespace RecoveryOperator.Agent.Engine;

/// <summary>A protection hears that its epoch ended: what was cut never ships.</summary>
internal static class EpochFence
{
    /// <summary>Stops the loop, stores the end, and begins a loop that only resolves what was half done.</summary>
    public static async Task RunAsync(ProtectionRunner former, long sequence, string operationId, Func<ProtectionRunner, Task<ProtectionRunner>> restart)
    {
        await former.StopAsync();
        ProtectionContext context = former.Context;
        context.ReloadWhenUncertain();
        if (context.Progress.Phase != EnginePhase.Fenced)
            Ending.Write(context, EnginePhase.Fenced, Ending.Sealed(context, sequence, operationId));
        await restart(former);
    }
}
