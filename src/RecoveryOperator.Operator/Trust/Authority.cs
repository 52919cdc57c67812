using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Operator.Trust;

/// <summary>An authority that signs certificates, and everything that is trusted beside it.</summary>
public sealed class Authority
{
    /// <summary>Times begin so much earlier, for clocks that disagree.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private const int SerialBytes = 16;
    private const int LeastRsaBits = 2048;
    private readonly X509Certificate2 _issuer;

    private Authority(X509Certificate2 issuer, X509Certificate2Collection trusted, X509Certificate2 root) =>
        (_issuer, Trusted, Root, Fingerprint) = (issuer, trusted, root, CertificateTrust.Fingerprint(root));

    /// <summary>All that is trusted: roots and intermediates.</summary>
    public X509Certificate2Collection Trusted { get; }

    /// <summary>The root that the issuer chains to.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>SHA-256 of the root, lower-case hex.</summary>
    public string Fingerprint { get; }

    /// <summary>Until when it signs.</summary>
    public DateTimeOffset NotAfter => _issuer.NotAfter;

    /// <summary><see cref="Trusted"/> as PEM.</summary>
    public string TrustedPem => string.Join('\n', Trusted.Select(certificate => certificate.ExportCertificatePem())) + "\n";

    /// <summary>What a peer needs beside a certificate to reach the root: the intermediates, as PEM; empty when the root itself signs.</summary>
    public string IntermediatesPem => CertificateTrust.IsRoot(_issuer) ? "" : _issuer.ExportCertificatePem() + "\n";

    /// <summary>Makes a new authority.</summary>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="now">The time.</param>
    public static (string CertificatePem, string KeyPem) Create(string cluster, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName($"CN=Recovery Operator {cluster.Cut(36)} {RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(now - ClockTolerance, now.AddYears(10));
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Reads an authority.</summary>
    /// <param name="certificatePem">The signing certificate first, then its chain.</param>
    /// <param name="keyPem">Its key.</param>
    /// <param name="trustedPem">What is trusted beside; may be empty.</param>
    /// <exception cref="CryptographicException">It cannot sign; the message says why and what to do.</exception>
    public static Authority Read(string certificatePem, string keyPem, string trustedPem)
    {
        var trusted = new X509Certificate2Collection();
        X509Certificate2 issuer;
        try
        {
            trusted.ImportFromPem(certificatePem);
            trusted.ImportFromPem(trustedPem);
            issuer = X509Certificate2.CreateFromPem(certificatePem, keyPem);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new CryptographicException($"tls.crt and tls.key must be PEM and belong together: {error.Message}", error);
        }

        if (issuer.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
            throw new CryptographicException($"tls.crt ({issuer.Subject}) is no authority's certificate: give one with CA:TRUE (cert-manager: isCA: true).");
        if (issuer.GetECDsaPublicKey() is null && issuer.GetRSAPublicKey() is not { KeySize: >= LeastRsaBits })
            throw new CryptographicException($"The key of {issuer.Subject} must be ECDSA, or RSA of at least {LeastRsaBits} bits.");
        return new(issuer, Distinct(trusted), RootOf(issuer, trusted));
    }

    /// <summary>Signs a certificate.</summary>
    /// <param name="key">The public key that it is for.</param>
    /// <param name="commonName">For people; cut at 64 characters.</param>
    /// <param name="names">Its identity.</param>
    /// <param name="now">The time.</param>
    /// <param name="lifetime">How long it is good; never longer than the authority.</param>
    /// <param name="more">Further extensions.</param>
    public X509Certificate2 Issue(
        PublicKey key, string commonName, SubjectAlternativeNameBuilder names, DateTimeOffset now, TimeSpan lifetime, params X509Extension[] more)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName.Cut(64));
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(CertificateTrust.ServerAuthentication), new(CertificateTrust.ClientAuthentication)], false));
        request.CertificateExtensions.Add(names.Build());
        if (_issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any()) // A given authority need not have one.
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_issuer, true, false));
        foreach (var extension in more)
            request.CertificateExtensions.Add(extension);
        var until = now + lifetime < NotAfter ? now + lifetime : NotAfter;
        return request.Create(_issuer.SubjectName, Generator(), now - ClockTolerance, until, RandomNumberGenerator.GetBytes(SerialBytes));
    }

    /// <summary>Root and intermediates of the issuer, root first.</summary>
    public IEnumerable<X509Certificate2> Chain() => CertificateTrust.IsRoot(_issuer) ? [_issuer] : [Root, _issuer];

    private X509SignatureGenerator Generator() => _issuer.GetECDsaPrivateKey() is { } elliptic
        ? X509SignatureGenerator.CreateForECDsa(elliptic)
        : X509SignatureGenerator.CreateForRSA(_issuer.GetRSAPrivateKey()!, RSASignaturePadding.Pkcs1);

    private static X509Certificate2 RootOf(X509Certificate2 issuer, X509Certificate2Collection trusted)
    {
        if (CertificateTrust.IsRoot(issuer))
            return issuer;
        return trusted.FirstOrDefault(one => CertificateTrust.IsRoot(one) && one.SubjectName.RawData.AsSpan().SequenceEqual(issuer.IssuerName.RawData))
            ?? throw new CryptographicException($"{issuer.Subject} is an intermediate, and ca.crt does not hold its root {issuer.Issuer}: add it, or give a root itself.");
    }

    private static X509Certificate2Collection Distinct(X509Certificate2Collection all) =>
        new(all.DistinctBy(CertificateTrust.Fingerprint).ToArray());
}
