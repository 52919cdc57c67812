using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>Settings of the role <c>vault</c>: sections <c>Vault</c> and <c>Apply</c>, and <c>State:Directory</c>.</summary>
internal static class VaultSettings
{
    /// <summary>Reads them.</summary>
    public static VaultRoleOptions Read(IConfiguration configuration) => new()
    {
        Connection = VaultConnectionSettings.Read(configuration),
        StateFolder = configuration["State:Directory"],
        RoundInterval = TimeSpan.FromSeconds(configuration.GetValue("Apply:RoundSeconds", 5.0)),
        ParallelReplicas = configuration.GetValue("Apply:ParallelReplicas", 4),
        Applier = new ReplicaApplierOptions { LeaseDuration = TimeSpan.FromSeconds(configuration.GetValue("Apply:LeaseSeconds", 60.0)) },
    };

    /// <summary>All that is wrong.</summary>
    public static IEnumerable<string> Failures(IConfiguration configuration)
    {
        foreach (string failure in VaultConnectionSettings.Failures(configuration))
            yield return failure;
        if (configuration.GetValue("Apply:RoundSeconds", 5.0) is < 0.1 or > 3600)
            yield return "Apply:RoundSeconds must be 0.1 to 3600.";
        if (configuration.GetValue("Apply:ParallelReplicas", 4) is < 1 or > 64)
            yield return "Apply:ParallelReplicas must be 1 to 64.";
        if (configuration.GetValue("Apply:LeaseSeconds", 60.0) is < 15 or > 60)
            yield return "Apply:LeaseSeconds must be 15 to 60.";
    }
}
