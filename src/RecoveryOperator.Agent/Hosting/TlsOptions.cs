namespace RecoveryOperator.Agent.Hosting;

/// <summary>Section <c>Tls</c>: mutual TLS from PEM files, read again when they change.</summary>
public sealed record TlsOptions
{
    /// <summary>The server's certificate.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>Its private key.</summary>
    public string Key { get; init; } = "";

    /// <summary>The authority that client certificates must chain to; nothing else is trusted.</summary>
    public string CertificateAuthority { get; init; } = "";

    /// <summary>Identities (DNS name or common name, or a URI) that may call, comma-separated. A URI is found among the URIs of the certificate only.</summary>
    public string AllowedClients { get; init; } = "recovery-operator";

    /// <summary>The same, as a list.</summary>
    public IReadOnlyList<string> AllowedClientList =>
        AllowedClients.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>All that is wrong.</summary>
    public IEnumerable<string> Failures()
    {
        if (AllowedClientList.Count == 0)
            yield return "Tls:AllowedClients must name at least one identity.";
        foreach ((string name, string path) in new[] { ("Certificate", Certificate), ("Key", Key), ("CertificateAuthority", CertificateAuthority) })
        {
            if (path.Length == 0)
                yield return $"Tls:{name} must be the path of a PEM file.";
            else if (!File.Exists(path))
                yield return $"Tls:{name}: there is no file '{path}'.";
        }
    }
}
