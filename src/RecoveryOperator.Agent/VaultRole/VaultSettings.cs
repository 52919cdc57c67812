using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>Settings of the role <c>vault</c>: sections <c>Vault</c>, <c>Apply</c> and <c>Scrub</c>, and <c>State:Directory</c>.</summary>
internal static class VaultSettings
{
    /// <summary>Reads them.</summary>
    public static VaultRoleOptions Read(IConfiguration configuration) => new()
    {
        Connection = VaultConnectionSettings.Read(configuration),
        StateFolder = configuration["State:Directory"],
        RoundInterval = TimeSpan.FromSeconds(configuration.GetValue("Apply:RoundSeconds", 5.0)),
        ParallelReplicas = configuration.GetValue("Apply:ParallelReplicas", 4),
        Applier = new ReplicaApplierOptions
        {
            LeaseDuration = TimeSpan.FromSeconds(configuration.GetValue("Apply:LeaseSeconds", 60.0)),
            KeepLogs = TimeSpan.FromHours(configuration.GetValue("Apply:KeepLogsHours", 24.0)),
            ComputeBytesPerSecond = (long)(configuration.GetValue("Apply:ComputeMebibytesPerSecond", 32.0) * 1024 * 1024),
            EncryptionKeys = EncryptionKeySettings.Read(configuration),
        },
        Scrub = ScrubOf(configuration),
        ScrubLookInterval = TimeSpan.FromSeconds(configuration.GetValue("Scrub:LookSeconds", 30.0)),
    };

    /// <summary>All that is wrong.</summary>
    public static IEnumerable<string> Failures(IConfiguration configuration)
    {
        foreach (string failure in VaultConnectionSettings.Failures(configuration))
            yield return failure;
        foreach (string failure in EncryptionKeySettings.Failures(configuration))
            yield return failure;
        if (configuration.GetValue("Apply:RoundSeconds", 5.0) is < 0.1 or > 3600)
            yield return "Apply:RoundSeconds must be 0.1 to 3600.";
        if (configuration.GetValue("Apply:ParallelReplicas", 4) is < 1 or > 64)
            yield return "Apply:ParallelReplicas must be 1 to 64.";
        if (configuration.GetValue("Apply:LeaseSeconds", 60.0) is < 15 or > 60)
            yield return "Apply:LeaseSeconds must be 15 to 60.";
        if (configuration.GetValue("Apply:KeepLogsHours", 24.0) is < 1 or > 8760)
            yield return "Apply:KeepLogsHours must be 1 to 8760.";
        if (configuration.GetValue("Apply:ComputeMebibytesPerSecond", 32.0) is < 0.1 or > 10_000)
            yield return "Apply:ComputeMebibytesPerSecond must be 0.1 to 10000.";
        if (configuration.GetValue("Scrub:IntervalHours", 168.0) is < 0 or > 8760)
            yield return "Scrub:IntervalHours must be 0 (no scrub) to 8760.";
        if (configuration.GetValue("Scrub:MebibytesPerSecond", 32.0) is < 0.1 or > 10_000)
            yield return "Scrub:MebibytesPerSecond must be 0.1 to 10000.";
        if (configuration.GetValue("Scrub:LookSeconds", 30.0) is < 0.1 or > 3600)
            yield return "Scrub:LookSeconds must be 0.1 to 3600.";
    }

    private static ScrubOptions? ScrubOf(IConfiguration configuration)
    {
        double hours = configuration.GetValue("Scrub:IntervalHours", 168.0);
        long bytesPerSecond = (long)(configuration.GetValue("Scrub:MebibytesPerSecond", 32.0) * 1024 * 1024);
        return hours > 0
            ? new ScrubOptions
            {
                Interval = TimeSpan.FromHours(hours),
                Verify = new VerifyOptions { ReadsInFlight = 2, Rate = new ReadRate(bytesPerSecond, TimeProvider.System) },
            }
            : null;
    }
}
