using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>How the storage account is reached: section <c>Vault</c>, of the vault role and of the commands. A credential is an account key, a connection string or a SAS; each from a file or as it is.</summary>
internal static class VaultConnectionSettings
{
    private static readonly string[] _fromFile = ["AccountKey", "ConnectionString", "Sas"];

    /// <summary>Reads them.</summary>
    public static VaultConnectionOptions Read(IConfiguration configuration)
    {
        VaultConnectionOptions connection = Secret(configuration, "ConnectionString") is { } text
            ? ConnectionString.Parse(text)
            : new VaultConnectionOptions
            {
                Endpoint = new Uri(configuration["Vault:Endpoint"]!),
                AccountName = configuration["Vault:AccountName"] is { Length: > 0 } name ? name : AccountOf(new Uri(configuration["Vault:Endpoint"]!)),
                AccountKey = Secret(configuration, "AccountKey"),
                Sas = Secret(configuration, "Sas"),
            };
        return connection with { Prefix = configuration["Vault:Prefix"] ?? "" };
    }

    /// <summary>All that is wrong.</summary>
    public static IEnumerable<string> Failures(IConfiguration configuration)
    {
        foreach (string name in _fromFile)
        {
            if (configuration[$"Vault:{name}File"] is { Length: > 0 } file && !File.Exists(file))
                yield return $"Vault:{name}File: there is no file '{file}'.";
        }

        if (Has(configuration, "ConnectionString"))
        {
            if (FindConnectionStringFault(configuration) is { } fault)
                yield return $"Vault:ConnectionString: {fault}";
            yield break;
        }

        if (!Uri.TryCreate(configuration["Vault:Endpoint"], UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
            yield return $"Vault:Endpoint must be the blob endpoint of the storage account, it is '{configuration["Vault:Endpoint"]}'.";
        if (!Has(configuration, "AccountKey") && !Has(configuration, "Sas"))
            yield return "Vault:AccountKeyFile must name the file that holds the account's key (or Vault:AccountKey be the key; Vault:ConnectionString and Vault:Sas, or a file of each, serve as well).";
    }

    private static bool Has(IConfiguration configuration, string name) =>
        !string.IsNullOrEmpty(configuration[$"Vault:{name}File"]) || !string.IsNullOrEmpty(configuration[$"Vault:{name}"]);

    private static string? Secret(IConfiguration configuration, string name) =>
        configuration[$"Vault:{name}File"] is { Length: > 0 } file ? File.ReadAllText(file).Trim() : configuration[$"Vault:{name}"] is { Length: > 0 } value ? value : null;

    private static string AccountOf(Uri endpoint) => endpoint.AbsolutePath.Trim('/') is { Length: > 0 } path ? path : endpoint.Host.Split('.')[0];

    private static string? FindConnectionStringFault(IConfiguration configuration)
    {
        try
        {
            return configuration["Vault:ConnectionStringFile"] is { Length: > 0 } file && !File.Exists(file)
                ? null
                : Secret(configuration, "ConnectionString") is { } text && ConnectionString.Parse(text) is null ? "it is empty" : null;
        }
        catch (FormatException fault)
        {
            return fault.Message;
        }
    }
}
