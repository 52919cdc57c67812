using System.Collections.Frozen;
using System.Globalization;
using k8s.Models;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Trust;

/// <summary>Serials of certificates that are not trusted any more, in a ConfigMap of the operator's namespace. Every change is a compare-and-set; entries go when their certificate expired anyway.</summary>
internal sealed class RevocationList(ResourceClient client, OperatorOptions options, TimeProvider timeProvider)
{
    private const int MaxAttempts = 10;
    private volatile FrozenSet<string>? _serials;

    private NamespacedName Name { get; } = new(options.Trust.Namespace.Length > 0 ? options.Trust.Namespace : options.LeaderElection.Namespace, options.Trust.RevocationList);

    /// <summary>Whether a certificate is revoked, as last read. Before the first reading everything is.</summary>
    public bool Contains(string serial) => _serials?.Contains(serial) ?? true;

    /// <summary>Reads the list.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken) => Accept(await client.GetAsync<V1ConfigMap>(Name, cancellationToken));

    /// <summary>Adds certificates. When it returns they are in the list, and known here.</summary>
    public async Task AddAsync(NamespacedName host, IReadOnlyList<IssuedRecord> certificates, CancellationToken cancellationToken)
    {
        if (certificates.Count == 0)
            return;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var standing = await client.GetAsync<V1ConfigMap>(Name, cancellationToken);
                var wanted = standing ?? new V1ConfigMap { Metadata = new() { Name = Name.Name, NamespaceProperty = Name.Namespace } };
                wanted.Data = Merged(wanted.Data, host, certificates);
                Accept(standing is null ? await client.CreateAsync(wanted, cancellationToken) : await client.ReplaceAsync(wanted, cancellationToken));
                return;
            }
            catch (ResourceRequestException error) when (error.IsConflict && attempt < MaxAttempts)
            {
                // Another wrote meanwhile: read again, and add to that.
                continue;
            }
        }
    }

    private Dictionary<string, string> Merged(IDictionary<string, string>? before, NamespacedName host, IReadOnlyList<IssuedRecord> certificates)
    {
        var now = timeProvider.GetUtcNow();
        var all = (before ?? new Dictionary<string, string>()).Where(entry => Until(entry.Value) is not { } until || until > now).ToDictionary();
        foreach (var certificate in certificates.Where(certificate => certificate.NotAfter > now))
            all[certificate.Serial] = string.Create(CultureInfo.InvariantCulture, $"{certificate.NotAfter:O} {host}");
        return all;
    }

    private static DateTimeOffset? Until(string value) =>
        DateTimeOffset.TryParse(value.Split(' ')[0], CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var until) ? until : null;

    private void Accept(V1ConfigMap? list) => _serials = (list?.Data?.Keys ?? []).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
