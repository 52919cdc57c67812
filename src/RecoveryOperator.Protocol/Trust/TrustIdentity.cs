using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace RecoveryOperator.Protocol.Trust;

/// <summary>The URIs by which operator and hosts know one another; each is a certificate's subject alternative name.</summary>
/// <param name="Cluster">The operator's cluster name.</param>
/// <param name="Namespace">The RecoveryHost's namespace.</param>
/// <param name="Name">The RecoveryHost's name.</param>
public sealed partial record TrustIdentity(string Cluster, string Namespace, string Name)
{
    /// <summary>The host's URI.</summary>
    public string Uri => $"recovery-operator://{Cluster}/hosts/{Namespace}/{Name}";

    /// <summary>The URI of a cluster's operator.</summary>
    public static string Operator(string cluster) => $"recovery-operator://{cluster}/operator";

    /// <summary>Reads a host's URI.</summary>
    public static bool TryParse(string uri, [NotNullWhen(true)] out TrustIdentity? identity)
    {
        identity = HostUri().Match(uri) is { Success: true } match
            ? new(match.Groups["cluster"].Value, match.Groups["namespace"].Value, match.Groups["name"].Value)
            : null;
        return identity is not null;
    }

    /// <summary>Whether a namespace and a name are such as Kubernetes has them.</summary>
    public static bool AreNames(string @namespace, string name) => TryParse(new TrustIdentity("c", @namespace, name).Uri, out _);

    [GeneratedRegex(@"^recovery-operator://(?<cluster>[a-z0-9-]{1,63})/hosts/(?<namespace>[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)/(?<name>[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex HostUri();
}
