using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Operator.Trust;

/// <summary>The authority in use and the operator's own certificate from it, which exists in memory only.</summary>
internal sealed class TrustState(OperatorOptions options, TimeProvider timeProvider)
{
    private static readonly TimeSpan OwnLifetime = TimeSpan.FromHours(24);
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (Authority Authority, X509Certificate2 Certificate)? _own;
    private volatile Authority? _authority;
    private volatile string? _problem;

    /// <summary>The authority; null before it was read.</summary>
    public Authority? Authority => _authority;

    /// <summary>Why there is no authority; null when there is one, or when none was looked for yet.</summary>
    public string? Problem => _problem;

    /// <summary>The operator's URI.</summary>
    public string OperatorUri { get; } = TrustIdentity.Operator(options.ClusterName);

    /// <summary>Ends when there is an authority.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(cancellationToken);

    /// <summary>Takes an authority into use.</summary>
    public void Accept(Authority authority)
    {
        (_authority, _problem) = (authority, null);
        _ready.TrySetResult();
    }

    /// <summary>Says why there is none. One that was there before stays in use.</summary>
    public void Fail(string problem) => _problem = _authority is null ? problem : null;

    /// <summary>The operator's certificate, with its key: made anew at two thirds of its life and when the authority changed.</summary>
    /// <exception cref="InvalidOperationException">There is no authority yet.</exception>
    public X509Certificate2 OwnCertificate()
    {
        var authority = _authority ?? throw new InvalidOperationException($"There is no authority yet. {_problem}");
        lock (_lock)
        {
            var now = timeProvider.GetUtcNow();
            if (_own is not { } own || own.Authority.Fingerprint != authority.Fingerprint || now >= RenewalTime(own.Certificate) || now < own.Certificate.NotBefore)
                _own = own = (authority, Make(authority, now));
            return own.Certificate;
        }
    }

    /// <summary>When a certificate is to be renewed: two thirds of its life.</summary>
    public static DateTimeOffset RenewalTime(X509Certificate2 certificate) =>
        new DateTimeOffset(certificate.NotBefore) + ((certificate.NotAfter - certificate.NotBefore) * 2 / 3);

    /// <summary>Former certificates are left to the collector: a handshake may still be using one.</summary>
    private X509Certificate2 Make(Authority authority, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(OperatorUri));
        names.AddDnsName("recovery-operator");
        using var signed = authority.Issue(new PublicKey(key), "recovery-operator", names, now, OwnLifetime, AuthorityExtension.Create(authority.Chain()));
        using var whole = signed.CopyWithPrivateKey(key);

        // Through PKCS #12, because some platforms cannot serve from a key that exists in memory only.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}
