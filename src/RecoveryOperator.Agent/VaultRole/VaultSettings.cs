using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>Settings of the role <c>vault</c>: sections <c>Vault</c> and <c>Apply</c>, and <c>State:Directory</c>.</summary>
internal static class VaultSettings
{
    /// <summary>Reads them.</summary>
    public static VaultRoleOptions Read(IConfiguration configuration) => new()
    {
        Connection = new VaultConnectionOptions
        {
            Endpoint = new Uri(configuration["Vault:Endpoint"]!),
            Prefix = configuration["Vault:Prefix"] ?? "",
            AccountName = configuration["Vault:AccountName"],
            AccountKey = configuration["Vault:AccountKeyFile"] is { Length: > 0 } file ? File.ReadAllText(file).Trim() : configuration["Vault:AccountKey"],
        },
        StateFolder = configuration["State:Directory"],
        RoundInterval = TimeSpan.FromSeconds(configuration.GetValue("Apply:RoundSeconds", 5.0)),
        ParallelReplicas = configuration.GetValue("Apply:ParallelReplicas", 4),
        Applier = new ReplicaApplierOptions { LeaseDuration = TimeSpan.FromSeconds(configuration.GetValue("Apply:LeaseSeconds", 60.0)) },
    };

    /// <summary>All that is wrong.</summary>
    public static IEnumerable<string> Failures(IConfiguration configuration)
    {
        if (!Uri.TryCreate(configuration["Vault:Endpoint"], UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
            yield return $"Vault:Endpoint must be the blob endpoint of the storage account, it is '{configuration["Vault:Endpoint"]}'.";
        if (string.IsNullOrEmpty(configuration["Vault:AccountName"]))
            yield return "Vault:AccountName must be the name of the storage account.";
        if (configuration["Vault:AccountKeyFile"] is { Length: > 0 } file && !File.Exists(file))
            yield return $"Vault:AccountKeyFile: there is no file '{file}'.";
        if (string.IsNullOrEmpty(configuration["Vault:AccountKeyFile"]) && string.IsNullOrEmpty(configuration["Vault:AccountKey"]))
            yield return "Vault:AccountKeyFile must name the file that holds the account's key (or Vault:AccountKey be the key).";
        if (configuration.GetValue("Apply:RoundSeconds", 5.0) is < 0.1 or > 3600)
            yield return "Apply:RoundSeconds must be 0.1 to 3600.";
        if (configuration.GetValue("Apply:ParallelReplicas", 4) is < 1 or > 64)
            yield return "Apply:ParallelReplicas must be 1 to 64.";
        if (configuration.GetValue("Apply:LeaseSeconds", 60.0) is < 15 or > 60)
            yield return "Apply:LeaseSeconds must be 15 to 60.";
    }
}
