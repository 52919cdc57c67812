using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RecoveryOperator.Protocol.Trust;

/// <summary>The URIs among a certificate's, or a signing request's, subject alternative names.</summary>
public static class SubjectUris
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>The URIs of a certificate.</summary>
    /// <exception cref="CryptographicException">The extension is malformed.</exception>
    public static IReadOnlyList<string> Of(X509Certificate2 certificate) => Of(certificate.Extensions);

    /// <summary>The URIs among extensions.</summary>
    /// <exception cref="CryptographicException">The extension is malformed.</exception>
    public static IReadOnlyList<string> Of(IEnumerable<X509Extension> extensions) =>
        [.. Names(extensions).Select(name => name.Tag.HasSameClassAndValue(UriTag) ? name.Uri : null).OfType<string>()];

    /// <summary>Whether the names are exactly one URI, and this one.</summary>
    /// <exception cref="CryptographicException">The extension is malformed.</exception>
    public static bool AreExactly(IEnumerable<X509Extension> extensions, string uri) => Names(extensions) is [{ Uri: { } only }] && only == uri;

    private static List<(Asn1Tag Tag, string? Uri)> Names(IEnumerable<X509Extension> extensions)
    {
        var names = new List<(Asn1Tag, string?)>();
        try
        {
            foreach (var extension in extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName))
            {
                var sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (sequence.HasData)
                {
                    var tag = sequence.PeekTag();
                    if (tag.HasSameClassAndValue(UriTag))
                        names.Add((tag, sequence.ReadCharacterString(UniversalTagNumber.IA5String, UriTag)));
                    else
                        names.Add((tag, Skip(sequence)));
                }
            }
        }
        catch (AsnContentException error)
        {
            throw new CryptographicException("The subject alternative name is malformed.", error);
        }

        return names;
    }

    private static string? Skip(AsnReader sequence)
    {
        sequence.ReadEncodedValue();
        return null;
    }
}
