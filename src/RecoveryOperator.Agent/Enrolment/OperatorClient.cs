using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using RecoveryOperator.Protocol;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Agent.Enrolment;

/// <summary>Asks the operator for certificates. The operator's certificate is checked within the handshake: before that nothing is sent.</summary>
internal sealed class OperatorClient(TimeProvider timeProvider)
{
    private const int MaxAnswerBytes = 256 * 1024;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    /// <summary>Spends a token.</summary>
    /// <exception cref="EnrolmentRefusedException">Trying again would not help.</exception>
    /// <exception cref="RpcException">The operator cannot be reached, or cannot answer now.</exception>
    public async Task<IssuedCertificate> EnrolAsync(EnrolmentToken token, ECDsa key, CancellationToken cancellationToken)
    {
        string? problem = null;
        using GrpcChannel channel = Open(token.Endpoint, null, server => (problem = PinProblem(server, token)) is null);
        EnrolRequest request = new()
        {
            Namespace = token.Namespace,
            Name = token.Name,
            Secret = ByteString.CopyFrom(token.Secret),
            SigningRequest = ByteString.CopyFrom(SigningRequest(token.Host, key)),
        };
        HostEnrolment.HostEnrolmentClient client = new(channel);
        IssuedCertificate issued = await CallAsync(() => client.EnrolAsync(request, deadline: Deadline(), cancellationToken: cancellationToken), () => problem, token.Endpoint.ToString());
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPem(issued.AuthoritiesPem);
        if (!authorities.Any(authority => CertificateTrust.Fingerprint(authority) == token.Authority))
            throw new EnrolmentRefusedException($"{token.Endpoint} answered without the authority {token.Authority} that the token names: nothing of it is used.");
        Check(issued, authorities, token.Host, key);
        return issued;
    }

    /// <summary>Renews the certificate.</summary>
    /// <exception cref="EnrolmentRefusedException">Trying again would not help.</exception>
    /// <exception cref="RpcException">The operator cannot be reached, or cannot answer now.</exception>
    public async Task<IssuedCertificate> RenewAsync(
        EnrolledIdentity identity, X509Certificate2 present, X509Certificate2Collection authorities, ECDsa key, CancellationToken cancellationToken)
    {
        string? problem = null;
        string uri = TrustIdentity.Operator(identity.Cluster);
        using GrpcChannel channel = Open(
            new Uri(identity.RenewalEndpoint),
            present,
            server => (problem = CertificateTrust.Problem(server, authorities, CertificateTrust.ServerAuthentication, uri)) is null);
        TrustIdentity host = new(identity.Cluster, identity.Namespace, identity.Name);
        RenewRequest request = new() { SigningRequest = ByteString.CopyFrom(SigningRequest(host, key)) };
        HostRenewal.HostRenewalClient client = new(channel);
        IssuedCertificate issued = await CallAsync(() => client.RenewAsync(request, deadline: Deadline(), cancellationToken: cancellationToken), () => problem, identity.RenewalEndpoint);
        X509Certificate2Collection answered = [];
        answered.ImportFromPem(issued.AuthoritiesPem);
        Check(issued, answered, host, key);
        return issued;
    }

    /// <summary>The pinned root comes out of the server's certificate; it counts because it hashes to the pin.</summary>
    internal static string? PinProblem(X509Certificate2 server, EnrolmentToken token)
    {
        try
        {
            X509Certificate2Collection shown = AuthorityExtension.Read(server);
            if (!shown.Any(authority => CertificateTrust.Fingerprint(authority) == token.Authority))
                return $"it does not come from the authority with the SHA-256 fingerprint {token.Authority} that the token names";
            X509Certificate2Collection pinned = new(shown.Where(authority => !CertificateTrust.IsRoot(authority) || CertificateTrust.Fingerprint(authority) == token.Authority).ToArray());
            return CertificateTrust.Problem(server, pinned, CertificateTrust.ServerAuthentication, TrustIdentity.Operator(token.Cluster));
        }
        catch (CryptographicException error)
        {
            return error.Message;
        }
    }

    private static byte[] SigningRequest(TrustIdentity host, ECDsa key)
    {
        CertificateRequest request = new("CN=host", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddUri(new Uri(host.Uri));
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }

    private static GrpcChannel Open(Uri endpoint, X509Certificate2? client, Func<X509Certificate2, bool> accepts)
    {
        SocketsHttpHandler handler = new() { ConnectTimeout = ConnectLimit };
        handler.SslOptions.AllowTlsResume = false;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 server && accepts(server);
        if (client is not null)
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => client;
        return GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = MaxAnswerBytes });
    }

    private static async Task<IssuedCertificate> CallAsync(Func<AsyncUnaryCall<IssuedCertificate>> call, Func<string?> problem, string endpoint)
    {
        try
        {
            return await call();
        }
        catch (RpcException error) when (problem() is { } distrust)
        {
            throw new EnrolmentRefusedException($"The server at {endpoint} is not trusted, nothing was sent to it: {distrust}. Take a new token from the host's Secret, or look who answers there.", error);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.InvalidArgument)
        {
            throw new EnrolmentRefusedException($"The operator at {endpoint} refused: {error.Status.Detail}", error);
        }
    }

    private static void Check(IssuedCertificate issued, X509Certificate2Collection authorities, TrustIdentity host, ECDsa key)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(issued.CertificatePem);
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
            throw new EnrolmentRefusedException("The operator answered with a certificate for another key: nothing of it is used.");
        if (CertificateTrust.Problem(certificate, authorities, CertificateTrust.ServerAuthentication, host.Uri) is { } problem)
            throw new EnrolmentRefusedException($"The operator answered with a certificate that cannot be used: {problem}.");
    }

    private DateTime Deadline() => timeProvider.GetUtcNow().UtcDateTime + CallLimit;
}
