using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Operator.Trust;

/// <summary>
/// Knows one host by its URI, wherever it is. Both certificates are looked at anew in each handshake: the operator's own may have been renewed, the host's revoked.
/// </summary>
internal sealed partial class EnrolledCredentials(string uri, TrustState state, RevocationList revocations, ILogger logger) : IAgentCredentials
{
    /// <summary>The same for ever: renewed certificates need no new connection.</summary>
    public string Fingerprint => $"enrolled {uri}";

    /// <inheritdoc/>
    public SslClientAuthenticationOptions OptionsFor(Uri address) => new()
    {
        TargetHost = address.Host,
        LocalCertificateSelectionCallback = (_, _, _, _, _) => state.OwnCertificate(),
        RemoteCertificateValidationCallback = (_, certificate, _, _) => Accepts(certificate as X509Certificate2),
        AllowTlsResume = false, // A resumed session would show the certificate that it began with.
    };

    /// <summary>Whether a certificate is this host's, of an authority that is trusted now, and not revoked.</summary>
    public bool Accepts(X509Certificate2? certificate)
    {
        var problem = certificate is null ? "it shows no certificate"
            : state.Authority is not { } authority ? "there is no authority"
            : CertificateTrust.Problem(certificate, authority.Trusted, CertificateTrust.ServerAuthentication, uri)
                ?? (revocations.Contains(certificate.SerialNumber) ? $"its certificate {certificate.SerialNumber} is revoked" : null);
        if (problem is not null)
            LogRefused(uri, problem);
        return problem is null;
    }

    [LoggerMessage(LogLevel.Warning, "The agent that should be {uri} is refused: {problem}")]
    private partial void LogRefused(string uri, string problem);
}
