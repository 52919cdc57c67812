using RecoveryOperator.Agent.Engine.Steps;

namespace RecoveryOperator.Agent.Engine;

/// <summary>A protection hears that its epoch ended: what was cut never ships.</summary>
internal static class EpochFence
{
    /// <summary>Stops the loop and stores the end. Whoever begins the next loop lets it resolve what was half done.</summary>
    public static async Task WriteAsync(ProtectionRunner runner, long sequence, string operationId)
    {
        await runner.StopAsync();
        ProtectionContext context = runner.Context;
        context.ReloadWhenUncertain();
        if (context.Progress.Phase != EnginePhase.Fenced)
            Ending.Write(context, EnginePhase.Fenced, Ending.Sealed(context, sequence, operationId));
    }
}
