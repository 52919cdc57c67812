using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RecoveryOperator.Protocol.Trust;

/// <summary>Checks a peer's certificate: chain, purpose and identity. One rule for both sides.</summary>
public static class CertificateTrust
{
    /// <summary>Purpose of a server's certificate.</summary>
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Purpose of a client's certificate.</summary>
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Why a certificate is not to be trusted; null when it is.</summary>
    /// <param name="certificate">The peer's.</param>
    /// <param name="authorities">Roots, and intermediates that may help.</param>
    /// <param name="purpose">Object identifier of the purpose that it must be made for.</param>
    /// <param name="uri">The URI that it must carry; null: any.</param>
    public static string? Problem(X509Certificate2 certificate, X509Certificate2Collection authorities, string purpose, string? uri)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities.Where(IsRoot).ToArray());
        chain.ChainPolicy.ExtraStore.AddRange(authorities.Where(authority => !IsRoot(authority)).ToArray());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(purpose));
        try
        {
            if (!chain.Build(certificate))
                return $"its certificate {certificate.Subject} does not stand: {string.Join(", ", chain.ChainStatus.Select(entry => entry.Status))}";
            if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any())
                return $"its certificate {certificate.Subject} does not say what it is for";
            if (uri is not null && !SubjectUris.Of(certificate).Contains(uri, StringComparer.Ordinal))
                return $"its certificate {certificate.Subject} is not for {uri}";
            return null;
        }
        catch (CryptographicException error)
        {
            return $"its certificate cannot be read: {error.Message}";
        }
    }

    /// <summary>SHA-256 of the DER, lower-case hex.</summary>
    public static string Fingerprint(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    /// <summary>SHA-256 of the public key's SubjectPublicKeyInfo, lower-case hex.</summary>
    public static string KeyFingerprint(PublicKey key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Whether a certificate names itself as its issuer.</summary>
    public static bool IsRoot(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
}
