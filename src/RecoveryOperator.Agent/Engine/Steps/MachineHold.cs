namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>
/// What shipping has to do on the machine: at once where nobody cuts, otherwise whoever cuts does it. Shipping never waits for a cut, since a cut may
/// wait for shipping.
/// </summary>
internal static class MachineHold
{
    /// <summary>Does it when the machine is held, or free.</summary>
    public static async Task TryAsync(ProtectionContext context, bool holdsMachine, Func<Task> work)
    {
        if (holdsMachine)
        {
            await work();
            return;
        }

        if (!context.Machine.TryTake())
            return;
        try
        {
            await work();
        }
        finally
        {
            context.Machine.Release();
        }
    }
}
