using System.Security.Cryptography;
using System.Text;
using k8s.Models;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Trust;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Agents;

/// <summary>An endpoint, or why there is none.</summary>
/// <param name="Endpoint">The endpoint; null when it cannot be used.</param>
/// <param name="Obstacle">Why not.</param>
internal sealed record EndpointResult(AgentEndpoint? Endpoint, Obstacle? Obstacle);

/// <summary>Finds the certificates for an agent: a Secret's, or the operator's own files, read anew each time so that a rotation is seen.</summary>
internal sealed class AgentEndpoints(ResourceClient client, OperatorOptions options, EnrolledHosts enrolled)
{
    private const string Authorities = "ca.crt";

    /// <summary>Resolves a host: one that enrols is known by its name, wherever it is.</summary>
    public Task<EndpointResult> ResolveAsync(RecoveryHost host, CancellationToken cancellationToken)
    {
        var spec = host.Spec;
        if (spec is { Tls: not null, Enrolment: not null })
            return Task.FromResult(Unusable("InvalidSpec", "spec.tls and spec.enrolment exclude one another: keep one of them."));
        if (spec.Enrolment is not null && !options.Trust.IsOn)
            return Task.FromResult(Unusable("EnrolmentOff", "The operator has no enrolment endpoint: start it with Operator:Trust:EnrolmentEndpoint, or give spec.tls.secretRef."));
        if (!TrustMode.Enrols(host, options))
            return ResolveAsync(spec.Address, spec.Tls, host.Metadata.NamespaceProperty, cancellationToken);
        return Task.FromResult(
            AddressOf(spec.Address) is not { } address ? InvalidAddress(spec.Address)
            : enrolled.IsReady ? new(new(address, enrolled.CredentialsOf(NamespacedName.Of(host))), null)
            : Unusable("AuthorityMissing", enrolled.Problem));
    }

    /// <summary>Resolves an address with its certificates.</summary>
    public async Task<EndpointResult> ResolveAsync(string address, AgentTls? tls, string objectNamespace, CancellationToken cancellationToken)
    {
        if (AddressOf(address) is not { } uri)
            return InvalidAddress(address);
        return tls is null ? await FromFilesAsync(uri, cancellationToken) : await FromSecretAsync(uri, new(objectNamespace, tls.SecretRef.Name), cancellationToken);
    }

    private async Task<EndpointResult> FromFilesAsync(Uri address, CancellationToken cancellationToken)
    {
        if (!options.Tls.IsGiven)
            return Unusable("NoCertificates", "The operator has no certificate files of its own: give spec.tls.secretRef, or start the operator with Operator:Tls.");
        try
        {
            return Usable(
                address,
                await File.ReadAllTextAsync(options.Tls.CertificateFile, cancellationToken),
                await File.ReadAllTextAsync(options.Tls.KeyFile, cancellationToken),
                await File.ReadAllTextAsync(options.Tls.AuthorityFile, cancellationToken),
                "the operator's certificate files");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Unusable("CertificatesUnreadable", $"The operator's certificate files cannot be read: {error.Message}");
        }
    }

    private async Task<EndpointResult> FromSecretAsync(Uri address, NamespacedName key, CancellationToken cancellationToken)
    {
        var secret = await client.GetAsync<V1Secret>(key, cancellationToken);
        if (secret is null)
            return Unusable("SecretNotFound", $"Secret {key} does not exist: create it (type kubernetes.io/tls with {V1SecretKeys}), or correct spec.tls.secretRef.");
        string? Text(string name) => secret.Data is { } data && data.TryGetValue(name, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;
        return (Text("tls.crt"), Text("tls.key"), Text(Authorities)) is ({ } certificate, { } privateKey, { } authorities)
            ? Usable(address, certificate, privateKey, authorities, $"Secret {key}")
            : Unusable("SecretIncomplete", $"Secret {key} needs the keys {V1SecretKeys}.");
    }

    private const string V1SecretKeys = "tls.crt, tls.key and ca.crt";

    private static EndpointResult Usable(Uri address, string certificate, string key, string authorities, string source)
    {
        try
        {
            return new(new(address, TlsMaterial.FromPem(certificate, key, authorities)), null);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            return Unusable("CertificatesUnusable", $"The certificates of {source} cannot be used: {error.Message} Each must be PEM, and key and certificate must belong together.");
        }
    }

    private static Uri? AddressOf(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri : null;

    private static EndpointResult InvalidAddress(string address) =>
        Unusable("InvalidAddress", $"The address '{address}' is not https://host:port. Correct it: agents are reached by mutual TLS only.");

    private static EndpointResult Unusable(string reason, string message) => new(null, new(reason, message));
}
