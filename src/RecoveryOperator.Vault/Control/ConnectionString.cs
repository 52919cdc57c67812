namespace RecoveryOperator.Vault.Control;

/// <summary>Reads a storage account's connection string, as the Azure portal and <c>az storage account show-connection-string</c> give it.</summary>
public static class ConnectionString
{
    /// <summary>The options that it stands for.</summary>
    /// <param name="text">The connection string. A secret: no part of it is in the error.</param>
    /// <exception cref="FormatException">It names no blob endpoint or no credential.</exception>
    public static VaultConnectionOptions Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Dictionary<string, string> parts = new(StringComparer.OrdinalIgnoreCase);
        foreach (string part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                parts[part[..equals]] = part[(equals + 1)..];
        }

        string? account = parts.GetValueOrDefault("AccountName");
        string? endpoint = parts.GetValueOrDefault("BlobEndpoint")
            ?? (account is null ? null : $"{parts.GetValueOrDefault("DefaultEndpointsProtocol", "https")}://{account}.blob.{parts.GetValueOrDefault("EndpointSuffix", "core.windows.net")}");
        if (!Uri.TryCreate(endpoint?.TrimEnd('/'), UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            throw new FormatException("The connection string names no blob endpoint: it needs AccountName, or BlobEndpoint.");

        VaultConnectionOptions options = new()
        {
            Endpoint = uri,
            AccountName = account,
            AccountKey = parts.GetValueOrDefault("AccountKey"),
            Sas = parts.GetValueOrDefault("SharedAccessSignature"),
        };
        return options.AccountKey is null && options.Sas is null
            ? throw new FormatException("The connection string holds no credential: it needs AccountKey or SharedAccessSignature.")
            : options;
    }
}
