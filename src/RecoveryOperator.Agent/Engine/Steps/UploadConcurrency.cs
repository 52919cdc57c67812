namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>How many segments of a protection are uploaded at once.</summary>
internal static class UploadConcurrency
{
    private const int Default = 4;

    /// <summary>1 to 32; 4 where nothing is asked for.</summary>
    public static int Of(ProtectionContext context) =>
        context.Desired.UploadConcurrency is var wanted and > 0 ? Math.Min(wanted, 32) : Default;
}
