using System.Security.Cryptography;
using System.Text;
using k8s.Models;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Trust;

/// <summary>The authority's Secret: read by everybody, made by the leader where it is not given.</summary>
internal sealed class AuthorityStore(ResourceClient client, OperatorOptions options, TimeProvider timeProvider)
{
    private const string Certificate = "tls.crt";
    private const string Key = "tls.key";
    private const string Trusted = "ca.crt";

    /// <summary>Where it stands.</summary>
    public NamespacedName Name { get; } = new(options.Trust.Namespace.Length > 0 ? options.Trust.Namespace : options.LeaderElection.Namespace, options.Trust.AuthoritySecret);

    /// <summary>Reads it; null when there is none.</summary>
    /// <exception cref="CryptographicException">It cannot be used; the message says what to do.</exception>
    public async Task<Authority?> ReadAsync(CancellationToken cancellationToken) =>
        await client.GetAsync<V1Secret>(Name, cancellationToken) is { } secret ? Read(secret) : null;

    /// <summary>Makes it if there is none, and reads what stands there then: another may have been faster.</summary>
    public async Task<Authority?> EnsureAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(cancellationToken) is { } standing || options.Trust.AuthorityGiven)
            return await ReadAsync(cancellationToken);
        var (certificate, key) = Authority.Create(options.ClusterName, timeProvider.GetUtcNow());
        try
        {
            await client.CreateAsync(
                new V1Secret
                {
                    Metadata = new() { Name = Name.Name, NamespaceProperty = Name.Namespace },
                    Type = "kubernetes.io/tls",
                    Data = new Dictionary<string, byte[]> { [Certificate] = Encoding.UTF8.GetBytes(certificate), [Key] = Encoding.UTF8.GetBytes(key), [Trusted] = Encoding.UTF8.GetBytes(certificate) },
                },
                cancellationToken);
        }
        catch (ResourceRequestException error) when (error.IsConflict)
        {
            // Another made it meanwhile: that one counts.
            return await ReadAsync(cancellationToken);
        }

        return await ReadAsync(cancellationToken);
    }

    private Authority Read(V1Secret secret)
    {
        string Text(string name) => secret.Data is { } data && data.TryGetValue(name, out var bytes) ? Encoding.UTF8.GetString(bytes) : "";
        if (Text(Certificate).Length == 0 || Text(Key).Length == 0)
            throw new CryptographicException($"Secret {Name} needs {Certificate} and {Key} (and {Trusted} with what is trusted beside).");
        try
        {
            return Authority.Read(Text(Certificate), Text(Key), Text(Trusted));
        }
        catch (CryptographicException error)
        {
            throw new CryptographicException($"Secret {Name}: {error.Message}", error);
        }
    }
}
