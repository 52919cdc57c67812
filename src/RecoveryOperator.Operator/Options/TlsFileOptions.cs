namespace RecoveryOperator.Operator.Options;

/// <summary>PEM files for mutual TLS with agents; all three or none.</summary>
public sealed record TlsFileOptions
{
    /// <summary>The operator's certificate, with its chain.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>Its private key.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>The authorities that sign agents' certificates.</summary>
    public string AuthorityFile { get; init; } = "";

    /// <summary>Whether the files are given.</summary>
    public bool IsGiven => CertificateFile.Length > 0;

    internal IEnumerable<string> Faults()
    {
        (string Name, string Path)[] files = [(nameof(CertificateFile), CertificateFile), (nameof(KeyFile), KeyFile), (nameof(AuthorityFile), AuthorityFile)];
        if (files.All(f => f.Path.Length == 0))
            yield break;
        foreach (var (name, path) in files)
        {
            if (path.Length == 0)
                yield return $"Tls:{name} is missing: give all three of CertificateFile, KeyFile and AuthorityFile, or none";
            else if (!File.Exists(path))
                yield return $"Tls:{name} '{path}' is not a file";
        }
    }
}
