using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RecoveryOperator.Operator.Agents;

/// <summary>What mutual TLS with an agent needs.</summary>
public sealed class TlsMaterial : IAgentCredentials
{
    private TlsMaterial(X509Certificate2 client, X509Certificate2Collection authorities, string fingerprint) =>
        (Client, Authorities, Fingerprint) = (client, authorities, fingerprint);

    /// <summary>The operator's certificate with its key.</summary>
    public X509Certificate2 Client { get; }

    /// <summary>Authorities that an agent's certificate must come from.</summary>
    public X509Certificate2Collection Authorities { get; }

    /// <summary>Changes with any of the three; no secret.</summary>
    public string Fingerprint { get; }

    /// <summary>The agent's certificate is checked against the authorities and the address' host name.</summary>
    public SslClientAuthenticationOptions OptionsFor(Uri address)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(Authorities);
        return new()
        {
            TargetHost = address.Host,
            ClientCertificates = [Client],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => Client,
            CertificateChainPolicy = policy,
        };
    }

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
