using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace RecoveryOperator.Protocol.Trust;

/// <summary>What a host needs to join, once: where, as whom, with which secret, and which authority to expect. Its text is one line (docs/trust.md).</summary>
public sealed class EnrolmentToken
{
    /// <summary>Length of the secret.</summary>
    public const int SecretBytes = 32;

    /// <summary>Longest text that is read.</summary>
    public const int MaxLength = 4096;

    private const string Prefix = "rot1.";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The enrolment port's address, <c>https://host:port</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The operator's cluster name.</summary>
    public required string Cluster { get; init; }

    /// <summary>The RecoveryHost's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The RecoveryHost's name.</summary>
    public required string Name { get; init; }

    /// <summary>What is spent.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>SHA-256 of the root's DER, lower-case hex.</summary>
    public required string Authority { get; init; }

    /// <summary>From then on it is void.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The host that it is for.</summary>
    public TrustIdentity Host => new(Cluster, Namespace, Name);

    /// <summary>SHA-256 of the secret, lower-case hex: what may be stored and compared.</summary>
    public string SecretSha256 => Convert.ToHexStringLower(SHA256.HashData(Secret));

    /// <summary>The text.</summary>
    public string Encode() => Prefix + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(
        new Content(Endpoint.ToString(), Cluster, Namespace, Name, Base64Url.EncodeToString(Secret), Authority, Expires), Json));

    /// <summary>Reads a text.</summary>
    /// <exception cref="FormatException">It is no token, or a damaged one. The message holds nothing of it.</exception>
    public static EnrolmentToken Decode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = text.Trim();
        if (line.Length > MaxLength || !line.StartsWith(Prefix, StringComparison.Ordinal))
            throw new FormatException($"It does not begin with '{Prefix}' or is longer than {MaxLength} characters: it is no enrolment token.");
        try
        {
            var content = JsonSerializer.Deserialize<Content>(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(line.AsSpan(Prefix.Length))), Json);
            return Read(content) ?? throw new FormatException("The enrolment token lacks a value or holds one that cannot be used: copy it again, in full.");
        }
        catch (JsonException)
        {
            // The inner message would quote the text.
            throw new FormatException("The enrolment token is damaged: copy it again, in full.");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"enrolment token for {Namespace}/{Name} [secret]";

    private static EnrolmentToken? Read(Content? content)
    {
        if (content is not { Cluster: { } cluster, Namespace: { } ns, Name: { } name, Secret: { } secret, Authority.Length: 2 * SHA256.HashSizeInBytes }
            || !Uri.TryCreate(content.Endpoint, UriKind.Absolute, out var endpoint) || endpoint.Scheme != Uri.UriSchemeHttps
            || !TrustIdentity.TryParse(new TrustIdentity(cluster, ns, name).Uri, out _)
            || Base64Url.DecodeFromChars(secret) is not { Length: SecretBytes } bytes)
            return null;
        return new() { Endpoint = endpoint, Cluster = cluster, Namespace = ns, Name = name, Secret = bytes, Authority = content.Authority, Expires = content.Expires };
    }

    private sealed record Content(string? Endpoint, string? Cluster, string? Namespace, string? Name, string? Secret, string? Authority, DateTimeOffset Expires)
    {
        public override string ToString() => "[secret]";
    }
}
