using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using k8s.Models;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Trust;

/// <summary>A record with the object that it was read from.</summary>
/// <param name="Record">The record; null when there is none.</param>
/// <param name="Standing">The Secret as read; null when there is none.</param>
internal sealed record StoredRecord(HostRecord? Record, V1Secret? Standing);

/// <summary>Reads and writes hosts' records; every write is a compare-and-set.</summary>
internal sealed class HostRecords(ResourceClient client)
{
    private const string Key = "record.json";
    private const int LongestName = 240;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Reads a host's record. One of another life of the name counts as none.</summary>
    /// <exception cref="ForeignSecretException">The Secret is not the operator's.</exception>
    public async Task<StoredRecord> ReadAsync(RecoveryHost host, CancellationToken cancellationToken)
    {
        var name = NameOf(host, "trust");
        var secret = await client.GetAsync<V1Secret>(name, cancellationToken);
        if (secret is null)
            return new(null, null);
        if (!IsOwned(secret, host))
            return IsFormer(secret, host) ? new(null, secret) : throw new ForeignSecretException(name);
        var text = secret.Data is { } data && data.TryGetValue(Key, out var bytes) ? bytes : "{}"u8.ToArray();
        return new(JsonSerializer.Deserialize<HostRecord>(text, Json), secret);
    }

    /// <summary>Writes a record over the one that was read.</summary>
    /// <exception cref="ResourceRequestException">A conflict: another wrote meanwhile.</exception>
    public async Task<StoredRecord> WriteAsync(RecoveryHost host, StoredRecord before, HostRecord record, CancellationToken cancellationToken)
    {
        var secret = before.Standing ?? Owned(host, "trust");
        secret.Metadata.OwnerReferences = OwnersOf(host);
        secret.Data = new Dictionary<string, byte[]> { [Key] = JsonSerializer.SerializeToUtf8Bytes(record, Json) };
        var stored = before.Standing is null ? await client.CreateAsync(secret, cancellationToken) : await client.ReplaceAsync(secret, cancellationToken);
        return new(record, stored);
    }

    /// <summary>A Secret that goes with its RecoveryHost.</summary>
    public static V1Secret Owned(RecoveryHost host, string suffix)
    {
        var name = NameOf(host, suffix);
        return new()
        {
            Metadata = new()
            {
                Name = name.Name,
                NamespaceProperty = name.Namespace,
                OwnerReferences = OwnersOf(host),
            },
            Type = $"recoveryoperator.io/{suffix}",
        };
    }

    /// <summary>Whether a Secret is this very host's.</summary>
    public static bool IsOwned(V1Secret secret, RecoveryHost host) => secret.Metadata.OwnerReferences?.Any(owner => owner.Uid == host.Metadata.Uid) == true;

    /// <summary>Whether a Secret is of a former host of the same name, and only has not been collected yet.</summary>
    public static bool IsFormer(V1Secret secret, RecoveryHost host) =>
        secret.Metadata.OwnerReferences is [{ Kind: RecoveryHost.KindName } owner] && owner.Name == host.Metadata.Name && owner.Uid != host.Metadata.Uid;

    /// <summary>The reference by which a host owns its Secrets.</summary>
    public static IList<V1OwnerReference> OwnersOf(RecoveryHost host) =>
        [new() { ApiVersion = host.ApiVersion, Kind = RecoveryHost.KindName, Name = host.Metadata.Name, Uid = host.Metadata.Uid, Controller = true }];

    /// <summary>The name of a host's Secret; names that would become too long end in a hash.</summary>
    public static NamespacedName NameOf(RecoveryHost host, string suffix)
    {
        var name = host.Metadata.Name;
        if (name.Length > LongestName)
            name = $"{name[..(LongestName - 17)]}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16]}";
        return new(host.Metadata.NamespaceProperty, $"{name}-{suffix}");
    }
}
