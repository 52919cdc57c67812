using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RecoveryOperator.Operator.Agents;

/// <summary>What mutual TLS with an agent needs.</summary>
public sealed class TlsMaterial
{
    private TlsMaterial(X509Certificate2 client, X509Certificate2Collection authorities, string fingerprint) =>
        (Client, Authorities, Fingerprint) = (client, authorities, fingerprint);

    /// <summary>The operator's certificate with its key.</summary>
    public X509Certificate2 Client { get; }

    /// <summary>Authorities that an agent's certificate must come from.</summary>
    public X509Certificate2Collection Authorities { get; }

    /// <summary>Changes with any of the three; no secret.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads PEM texts.</summary>
    /// <exception cref="CryptographicException">One of them is no PEM of its kind, or key and certificate do not belong together.</exception>
    public static TlsMaterial FromPem(string certificate, string key, string authorities)
    {
        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPem(authorities);
        if (trusted.Count == 0)
            throw new CryptographicException("There is no certificate among the authorities.");
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{certificate}\0{key}\0{authorities}")));
        return new(X509Certificate2.CreateFromPem(certificate, key), trusted, fingerprint);
    }
}
