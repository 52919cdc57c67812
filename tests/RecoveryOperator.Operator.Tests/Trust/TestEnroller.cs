using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using RecoveryOperator.Protocol;
using RecoveryOperator.Protocol.Trust;

namespace RecoveryOperator.Operator.Tests.Trust;

/// <summary>A client of the two ports that trusts any server, so that a test sees what the operator itself refuses.</summary>
internal sealed class TestEnroller : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static byte[] Request(ECDsa key, params string[] uris)
    {
        var request = new CertificateRequest("CN=whoever", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var uri in uris)
            names.AddUri(new Uri(uri));
        if (uris.Length > 0)
            request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }

    public HostEnrolment.HostEnrolmentClient Enrolment(Uri endpoint) => new(Channel(endpoint, null));

    public HostRenewal.HostRenewalClient Renewal(Uri endpoint, X509Certificate2? client) => new(Channel(endpoint, client));

    /// <summary>Enrols; an operator that has just started may have made the token before its port listens, so the call waits for that, as agents do.</summary>
    public async Task<IssuedCertificate> EnrolAsync(EnrolmentToken token, CancellationToken cancellationToken, ECDsa? key = null, byte[]? request = null, byte[]? secret = null) =>
        await Enrolment(token.Endpoint).EnrolAsync(
            new()
            {
                Namespace = token.Namespace,
                Name = token.Name,
                Secret = ByteString.CopyFrom(secret ?? token.Secret),
                SigningRequest = ByteString.CopyFrom(request ?? Request(key ?? Key, token.Host.Uri)),
            },
            new CallOptions(deadline: DateTime.UtcNow.AddSeconds(60), cancellationToken: cancellationToken).WithWaitForReady());

    public X509Certificate2 WithKey(IssuedCertificate issued, ECDsa? key = null)
    {
        using var certificate = X509Certificate2.CreateFromPem(issued.CertificatePem);
        using var whole = certificate.CopyWithPrivateKey(key ?? Key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    public async Task<IssuedCertificate> RenewAsync(Uri endpoint, X509Certificate2? present, EnrolmentToken host, ECDsa key, CancellationToken cancellationToken) =>
        await Renewal(endpoint, present).RenewAsync(
            new() { SigningRequest = ByteString.CopyFrom(Request(key, host.Host.Uri)) }, deadline: DateTime.UtcNow.AddSeconds(60), cancellationToken: cancellationToken);

    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        Key.Dispose();
    }

    private GrpcChannel Channel(Uri endpoint, X509Certificate2? client)
    {
        var handler = new SocketsHttpHandler();
#pragma warning disable CA5359 // This client is there to be refused, not to refuse.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        if (client is not null)
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => client;
        var channel = GrpcChannel.ForAddress(endpoint, new() { HttpHandler = handler, DisposeHttpClient = true, MaxSendMessageSize = null });
        _owned.Add(channel);
        return channel;
    }
}
