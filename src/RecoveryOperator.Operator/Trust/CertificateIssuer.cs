using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Protocol;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Operator.Trust;

/// <summary>
/// Decides who gets a certificate. Nothing is answered before the record stands, and the record changes by compare-and-set only: any replica may do it,
/// at any time, and die at any point (docs/trust.md).
/// </summary>
internal sealed partial class CertificateIssuer(
    ResourceClient client,
    IObjectReader<RecoveryHost> hosts,
    HostRecords records,
    RevocationList revocations,
    TrustState state,
    OperatorOptions options,
    TimeProvider timeProvider,
    ILogger<CertificateIssuer> logger)
{
    private const int MaxAttempts = 5;
    private const int MaxLiving = 8;

    /// <summary>Spends a token.</summary>
    public Task<IssueResult> EnrolAsync(EnrolRequest request, CancellationToken cancellationToken)
    {
        var asked = $"{request.Namespace}/{request.Name}";
        if (!TrustIdentity.AreNames(request.Namespace, request.Name) || request.Secret.Length != EnrolmentToken.SecretBytes)
            return Task.FromResult(IssueResult.BadToken("names or secret are not of a token's form"));
        var hash = Convert.ToHexStringLower(SHA256.HashData(request.Secret.Span));
        return TryAsync(
            new(request.Namespace, request.Name),
            request.SigningRequest.ToByteArray(),
            record => TokenProblem(record, hash) is { } problem ? IssueResult.BadToken($"{asked}: {problem}") : null,
            (record, key) => record.SpentKeySha256 is { } spent && spent != key ? IssueResult.BadToken($"{asked}: the token was spent by the key {spent}, this one is {key}") : null,
            (record, key) => record with { SpentKeySha256 = key },
            cancellationToken);
    }

    /// <summary>Renews the certificate of the host that holds one.</summary>
    /// <param name="present">The client certificate; its chain was checked in the handshake.</param>
    /// <param name="signingRequest">PKCS #10.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public Task<IssueResult> RenewAsync(X509Certificate2 present, byte[] signingRequest, CancellationToken cancellationToken)
    {
        if (HostOf(present) is not { } host)
            return Task.FromResult(IssueResult.NotTrusted($"{present.Subject} is no host of cluster {options.ClusterName}"));
        return TryAsync(
            new(host.Namespace, host.Name),
            signingRequest,
            _ => revocations.Contains(present.SerialNumber) ? IssueResult.NotTrusted($"{host.Uri}: certificate {present.SerialNumber} is revoked") : null,
            (_, _) => null,
            (record, _) => record,
            cancellationToken);
    }

    /// <summary>Whether a client certificate is a host's of this cluster, and not revoked.</summary>
    public bool IsHost(X509Certificate2 certificate) =>
        state.Authority is { } authority
        && CertificateTrust.Problem(certificate, authority.Trusted, CertificateTrust.ClientAuthentication, null) is null
        && HostOf(certificate) is not null
        && !revocations.Contains(certificate.SerialNumber);

    private TrustIdentity? HostOf(X509Certificate2 certificate) => SubjectUris.Of(certificate) switch
    {
        [var uri] when TrustIdentity.TryParse(uri, out var host) && host.Cluster == options.ClusterName => host,
        _ => null,
    };

    private string? TokenProblem(HostRecord record, string hash)
    {
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(record.TokenSha256)))
            return "the token's secret is not the present one's";
        return record.TokenExpires <= timeProvider.GetUtcNow() ? $"the token expired at {record.TokenExpires:u}" : null;
    }

    private async Task<IssueResult> TryAsync(
        NamespacedName key,
        byte[] signingRequest,
        Func<HostRecord, IssueResult?> allowed,
        Func<HostRecord, string, IssueResult?> allowedKey,
        Func<HostRecord, string, HostRecord> change,
        CancellationToken cancellationToken)
    {
        if (state.Authority is not { } authority)
            return IssueResult.Later("The operator has no authority yet; come back.");
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // First the copy, which costs nothing: a flood of unknown names does not reach the API server.
            var host = hosts.Get(key) is null ? null : await client.GetAsync<RecoveryHost>(key, cancellationToken);
            if (host is not { Metadata.DeletionTimestamp: null } || !TrustMode.Enrols(host, options))
                return IssueResult.BadToken($"{key}: there is no RecoveryHost of that name that enrols");
            var stored = await records.ReadAsync(host, cancellationToken);
            if (stored.Record is not { Closed: false } record)
                return IssueResult.BadToken($"{key}: there is no open record of that host");
            if (allowed(record) is { } refused)
                return refused;
            var uri = new TrustIdentity(options.ClusterName, key.Namespace, key.Name).Uri;
            if (ReadKey(signingRequest, uri, out var problem) is not { } publicKey)
                return IssueResult.BadRequest(problem);
            var fingerprint = CertificateTrust.KeyFingerprint(publicKey);
            if (allowedKey(record, fingerprint) is { } other)
                return other;
            if (record.Living(timeProvider.GetUtcNow()).FirstOrDefault(issued => issued.KeySha256 == fingerprint) is { } again)
                return Answer(again.Pem, authority);
            if (record.Living(timeProvider.GetUtcNow()).Count >= MaxLiving)
                return new(null, new(Grpc.Core.StatusCode.ResourceExhausted, $"The host has {MaxLiving} certificates already; wait until one expires, or enrol it anew.", $"{key} has {MaxLiving} living certificates"));
            if (await IssueAsync(host, stored, change(record, fingerprint), publicKey, authority, cancellationToken) is { } issuedNow)
                return issuedNow;
        }

        return IssueResult.Later("The host's record changes too often; come back.");
    }

    private static PublicKey? ReadKey(byte[] signingRequest, string uri, out string problem)
    {
        try
        {
            problem = "";
            return SigningRequests.Read(signingRequest, uri);
        }
        catch (CryptographicException error)
        {
            problem = error.Message;
            return null;
        }
    }

    /// <returns>Null when another wrote the record meanwhile.</returns>
    private async Task<IssueResult?> IssueAsync(
        RecoveryHost host, StoredRecord stored, HostRecord record, PublicKey key, Authority authority, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        var identity = new TrustIdentity(options.ClusterName, host.Metadata.NamespaceProperty, host.Metadata.Name);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(identity.Uri));
        using var certificate = authority.Issue(key, $"host {identity.Namespace}/{identity.Name}", names, now, options.Trust.CertificateLifetime);
        var pem = certificate.ExportCertificatePem() + "\n" + authority.IntermediatesPem;
        var issued = new IssuedRecord(certificate.SerialNumber, CertificateTrust.KeyFingerprint(key), certificate.NotAfter.ToUniversalTime(), pem);
        try
        {
            await records.WriteAsync(host, stored, record with { Certificates = [.. record.Living(now), issued] }, cancellationToken);
        }
        catch (ResourceRequestException error) when (error.IsConflict || error.IsNotFound)
        {
            LogRaced(NamespacedName.Of(host).ToString());
            return null;
        }

        LogIssued(NamespacedName.Of(host).ToString(), issued.Serial, issued.KeySha256, issued.NotAfter);
        return Answer(pem, authority);
    }

    private IssueResult Answer(string pem, Authority authority) => new(
        new() { CertificatePem = pem, AuthoritiesPem = authority.TrustedPem, RenewalEndpoint = options.Trust.RenewalEndpoint }, null);

    [LoggerMessage(LogLevel.Information, "RecoveryHost {recoveryHost} got the certificate {serial} for the key {key}, good until {notAfter:O}")]
    private partial void LogIssued(string recoveryHost, string serial, string key, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Information, "The record of RecoveryHost {recoveryHost} changed while a certificate was made; that certificate is thrown away and the record read again")]
    private partial void LogRaced(string recoveryHost);
}
