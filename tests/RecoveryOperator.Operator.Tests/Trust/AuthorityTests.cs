using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RecoveryOperator.Operator.Trust;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Operator.Tests.Trust;

public class AuthorityTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly TrustIdentity Host = new("c", "ns", "host");

    [Fact]
    public void What_it_signs_chains_to_it_and_names_one_identity()
    {
        var authority = New();
        using var certificate = Issue(authority);

        Assert.Null(CertificateTrust.Problem(certificate, authority.Trusted, CertificateTrust.ClientAuthentication, Host.Uri));
        Assert.NotNull(CertificateTrust.Problem(certificate, authority.Trusted, CertificateTrust.ClientAuthentication, TrustIdentity.Operator("c")));
        Assert.NotNull(CertificateTrust.Problem(certificate, New().Trusted, CertificateTrust.ClientAuthentication, Host.Uri));
    }

    [Fact]
    public void A_bundle_of_two_trusts_certificates_of_both()
    {
        var (oldCertificate, oldKey) = Authority.Create("c", Now);
        var (newCertificate, newKey) = Authority.Create("c", Now);
        using var old = Issue(Authority.Read(oldCertificate, oldKey, oldCertificate));

        var rolled = Authority.Read(newCertificate, newKey, oldCertificate + newCertificate);
        using var renewed = Issue(rolled);

        Assert.Equal(2, rolled.Trusted.Count);
        Assert.Null(CertificateTrust.Problem(old, rolled.Trusted, CertificateTrust.ServerAuthentication, Host.Uri));
        Assert.Null(CertificateTrust.Problem(renewed, rolled.Trusted, CertificateTrust.ServerAuthentication, Host.Uri));
    }

    [Fact]
    public void An_intermediate_signs_where_its_root_is_given_and_is_refused_otherwise()
    {
        using var rootKey = RSA.Create(2048);
        var rootRequest = new CertificateRequest("CN=corporate root", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(Now.AddDays(-1), Now.AddYears(1));
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=intermediate", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        using var signed = request.Create(root, Now.AddDays(-1), Now.AddDays(20), [1, 2, 3]);

        var authority = Authority.Read(signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), root.ExportCertificatePem());
        using var certificate = Issue(authority);

        Assert.Equal(CertificateTrust.Fingerprint(root), authority.Fingerprint);
        Assert.Null(CertificateTrust.Problem(certificate, authority.Trusted, CertificateTrust.ServerAuthentication, Host.Uri));
        Assert.True(certificate.NotAfter <= signed.NotAfter);
        var fault = Assert.Throws<CryptographicException>(() => Authority.Read(signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), ""));
        Assert.Contains("does not hold its root", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_is_no_authority_is_refused_with_the_remedy()
    {
        var authority = New();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = authority.Issue(new PublicKey(key), "leaf", Names(), Now, TimeSpan.FromDays(1));

        var fault = Assert.Throws<CryptographicException>(() => Authority.Read(leaf.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), authority.TrustedPem));

        Assert.Contains("isCA: true", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_reads_as_it_was_written_and_shows_its_secret_to_nobody()
    {
        var token = new EnrolmentToken
        {
            Endpoint = new("https://o:7444"),
            Cluster = "c",
            Namespace = "ns",
            Name = "host",
            Secret = RandomNumberGenerator.GetBytes(32),
            Authority = New().Fingerprint,
            Expires = Now,
        };

        var read = EnrolmentToken.Decode(token.Encode() + "\n");

        Assert.Equal((token.SecretSha256, token.Host, token.Authority, token.Expires), (read.SecretSha256, read.Host, read.Authority, read.Expires));
        Assert.Equal("enrolment token for ns/host [secret]", read.ToString());
        Assert.All(["", "rot1.", "rot1.e30", "rot1.!!!", token.Encode()[..40], new string('x', 9000)], text => Assert.Throws<FormatException>(() => EnrolmentToken.Decode(text)));
    }

    private static Authority New()
    {
        var (certificate, key) = Authority.Create("c", Now);
        return Authority.Read(certificate, key, certificate);
    }

    private static SubjectAlternativeNameBuilder Names()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(Host.Uri));
        return names;
    }

    private static X509Certificate2 Issue(Authority authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return authority.Issue(new PublicKey(key), "host", Names(), Now, TimeSpan.FromDays(30));
    }
}
