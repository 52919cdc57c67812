using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RecoveryOperator.Protocol.Trust;

/// <summary>
/// Carries an authority's chain within a server's certificate, so that a client can check a pinned root during the handshake: TLS stacks leave the root out of
/// it. It proves nothing by itself; its content counts only where it hashes to the pin.
/// </summary>
public static class AuthorityExtension
{
    /// <summary>Its object identifier.</summary>
    public const string Oid = "2.25.316931867250431942680394738914462830645";

    private const int MaxCertificates = 8;

    /// <summary>Makes it.</summary>
    /// <param name="chain">Root and intermediates.</param>
    public static X509Extension Create(IEnumerable<X509Certificate2> chain)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var certificate in chain)
                writer.WriteEncodedValue(certificate.RawData);
        }

        return new(Oid, writer.Encode(), critical: false);
    }

    /// <summary>The certificates in a server's certificate; none if it has no such extension.</summary>
    /// <exception cref="CryptographicException">The extension is malformed.</exception>
    public static X509Certificate2Collection Read(X509Certificate2 server)
    {
        var found = new X509Certificate2Collection();
        if (server.Extensions.FirstOrDefault(extension => extension.Oid?.Value == Oid) is not { } extension)
            return found;
        try
        {
            var sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData && found.Count < MaxCertificates)
                found.Add(X509CertificateLoader.LoadCertificate(sequence.ReadEncodedValue().Span));
        }
        catch (AsnContentException error)
        {
            throw new CryptographicException("The authority extension is malformed.", error);
        }

        return found;
    }
}
