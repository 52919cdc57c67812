using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Operator.Trust;

/// <summary>Reads what hosts send to be signed. Only the public key is taken from it.</summary>
internal static class SigningRequests
{
    /// <summary>Longest request that is read.</summary>
    public const int MaxBytes = 8 * 1024;

    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>The public key of a request.</summary>
    /// <param name="der">PKCS #10. Its signature proves that the sender holds the key.</param>
    /// <param name="uri">The only name that it may ask for.</param>
    /// <exception cref="CryptographicException">It is malformed, not signed by its key, of another kind of key, or asks for other names.</exception>
    public static PublicKey Read(ReadOnlySpan<byte> der, string uri)
    {
        if (der.Length is 0 or > MaxBytes)
            throw new CryptographicException($"The signing request has {der.Length} bytes, it must have 1 to {MaxBytes}.");
        CertificateRequest request;
        try
        {
            request = CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, out var read, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
            if (read != der.Length)
                throw new CryptographicException("The signing request is followed by something else.");
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new CryptographicException("The signing request cannot be read.", error);
        }

        using var key = request.PublicKey.GetECDsaPublicKey() ?? throw new CryptographicException("The signing request's key must be ECDSA P-256.");
        if (key.ExportParameters(false).Curve.Oid.Value != P256)
            throw new CryptographicException("The signing request's key must be ECDSA P-256.");
        if (!SubjectUris.AreExactly(request.CertificateExtensions, uri))
            throw new CryptographicException($"The signing request must ask for {uri} and nothing else.");
        return request.PublicKey;
    }
}
