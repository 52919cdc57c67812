using System.Net;

namespace RecoveryOperator.Operator.Options;

/// <summary>The operator's own authority and the enrolment of hosts (docs/trust.md); off without <see cref="EnrolmentEndpoint"/>.</summary>
public sealed record TrustOptions
{
    /// <summary>Address under which hosts reach the enrolment port, <c>https://host:port</c>; empty: hosts cannot enrol.</summary>
    public string EnrolmentEndpoint { get; init; } = "";

    /// <summary>Address under which hosts reach the renewal port, <c>https://host:port</c>.</summary>
    public string RenewalEndpoint { get; init; } = "";

    /// <summary>Where the enrolment port listens.</summary>
    public string EnrolmentListen { get; init; } = "0.0.0.0:7444";

    /// <summary>Where the renewal port listens.</summary>
    public string RenewalListen { get; init; } = "0.0.0.0:7445";

    /// <summary>Namespace of the authority's Secret and of the revocation list; empty: that of the Lease.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Secret of type kubernetes.io/tls with the authority.</summary>
    public string AuthoritySecret { get; init; } = "recovery-operator-ca";

    /// <summary>The Secret is somebody else's (cert-manager's, for example): it is waited for and never made.</summary>
    public bool AuthorityGiven { get; init; }

    /// <summary>ConfigMap with the revocation list.</summary>
    public string RevocationList { get; init; } = "recovery-operator-revoked";

    /// <summary>How long a token is good; 1 minute to 30 days, 24 hours unless set.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a host's certificate is good; 1 hour to 400 days, 30 days unless set.</summary>
    public TimeSpan CertificateLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Whether hosts can enrol.</summary>
    public bool IsOn => EnrolmentEndpoint.Length > 0;

    internal IEnumerable<string> Faults()
    {
        if (!IsOn)
            yield break;
        foreach (var (name, value) in new[] { (nameof(EnrolmentEndpoint), EnrolmentEndpoint), (nameof(RenewalEndpoint), RenewalEndpoint) })
        {
            if (!Uri.TryCreate(value, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
                yield return $"Trust:{name} '{value}' must be https://host:port, as the hosts reach it";
        }

        foreach (var (name, value) in new[] { (nameof(EnrolmentListen), EnrolmentListen), (nameof(RenewalListen), RenewalListen) })
        {
            if (!IPEndPoint.TryParse(value, out _))
                yield return $"Trust:{name} '{value}' must be address:port";
        }

        if (AuthoritySecret.Length == 0 || RevocationList.Length == 0)
            yield return "Trust:AuthoritySecret and Trust:RevocationList must be names";
        if (TokenLifetime < TimeSpan.FromMinutes(1) || TokenLifetime > TimeSpan.FromDays(30))
            yield return $"Trust:TokenLifetime is {TokenLifetime}, it must be 1 minute to 30 days";
        if (CertificateLifetime < TimeSpan.FromHours(1) || CertificateLifetime > TimeSpan.FromDays(400))
            yield return $"Trust:CertificateLifetime is {CertificateLifetime}, it must be 1 hour to 400 days";
    }
}
