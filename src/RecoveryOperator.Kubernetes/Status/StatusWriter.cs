using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Status;

/// <summary>
/// Writes status by server-side apply on the status subresource, and only if it differs from what was last read or written. Fields of
/// other managers stay; fields that this manager no longer gives go.
/// </summary>
/// <param name="client">Writes to the API server.</param>
/// <param name="fieldManager">Who writes.</param>
/// <param name="instruments">Counts writes and skips.</param>
/// <param name="timeProvider">Ages what is remembered of writes.</param>
public sealed class StatusWriter(ResourceClient client, string fieldManager, KubernetesInstruments instruments, TimeProvider timeProvider)
{
    /// <summary>A copy lags behind its own writes for this long at most; after it, what was written is forgotten.</summary>
    private static readonly TimeSpan LongestLag = TimeSpan.FromMinutes(5);

    private const int SweepAbove = 1024;
    private readonly ConcurrentDictionary<string, Written> _written = new();

    /// <summary>Makes <paramref name="desired"/> the status of <paramref name="entity"/>.</summary>
    /// <param name="entity">The object as read; its own status must still be the one that was read.</param>
    /// <param name="desired">All status fields this manager wants; null fields and empty texts are left out.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Whether a write was needed.</returns>
    /// <exception cref="ArgumentException">The desired status is the object's own: it was changed in place, so nothing is left to compare with.</exception>
    /// <exception cref="ResourceRequestException">The write failed, for instance because the object is gone.</exception>
    public Task<bool> ApplyAsync<TEntity, TStatus>(TEntity entity, TStatus desired, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject<V1ObjectMeta>, IStatus<TStatus?>
        where TStatus : class => ApplyAsync(entity, desired, false, cancellationToken);

    /// <summary>The same, but only if nobody has changed the object since it was read, this writer's own last write apart.</summary>
    /// <exception cref="ResourceRequestException">The write failed; a conflict if somebody else changed the object.</exception>
    public Task<bool> ApplyAsReadAsync<TEntity, TStatus>(TEntity entity, TStatus desired, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject<V1ObjectMeta>, IStatus<TStatus?>
        where TStatus : class => ApplyAsync(entity, desired, true, cancellationToken);

    private async Task<bool> ApplyAsync<TEntity, TStatus>(TEntity entity, TStatus desired, bool asRead, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject<V1ObjectMeta>, IStatus<TStatus?>
        where TStatus : class
    {
        ArgumentNullException.ThrowIfNull(entity);
        ArgumentNullException.ThrowIfNull(desired);
        if (ReferenceEquals(entity.Status, desired))
            throw new ArgumentException($"The status of {NamespacedName.Of(entity)} was changed in place: build a new one and leave the one that was read.", nameof(desired));

        var type = ResourceType.Of<TEntity>();
        var wanted = ToJson(desired);
        if (StatusComparer.AreEqual(wanted ?? new JsonObject(), Current(entity, ToJson(entity.Status)) ?? new JsonObject()))
        {
            instruments.StatusWritten(type.Kind, "equal");
            return false;
        }

        TEntity stored;
        try
        {
            var configuration = Configuration(type, entity, wanted, asRead ? NewestVersion(entity) : null);
            stored = await client.ApplyAsync<TEntity>(NamespacedName.Of(entity), configuration, fieldManager, "status", cancellationToken);
        }
        catch (ResourceRequestException)
        {
            _written.TryRemove(entity.Metadata.Uid ?? string.Empty, out _);
            instruments.StatusWritten(type.Kind, "failed");
            throw;
        }

        Remember(entity, wanted, stored.Metadata.ResourceVersion);
        instruments.StatusWritten(type.Kind, "written");
        return true;
    }

    /// <summary>
    /// What this manager's part of the status is now. If the object was read at the same version as at the last write, the copy has not
    /// seen that write yet, and what was written counts.
    /// </summary>
    private JsonNode? Current<TEntity>(TEntity entity, JsonNode? read)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        if (_written.TryGetValue(entity.Metadata.Uid ?? string.Empty, out var written))
        {
            if (written.ReadVersion == entity.Metadata.ResourceVersion)
                return written.Status;
            _written.TryRemove(entity.Metadata.Uid ?? string.Empty, out _);
        }

        return OwnedFields.Of(read, entity.Metadata, fieldManager);
    }

    /// <summary>The object's version behind this writer's last write, or as it was read.</summary>
    private string? NewestVersion<TEntity>(TEntity entity)
        where TEntity : IKubernetesObject<V1ObjectMeta> =>
        _written.TryGetValue(entity.Metadata.Uid ?? string.Empty, out var written) && written.ReadVersion == entity.Metadata.ResourceVersion
            ? written.StoredVersion
            : entity.Metadata.ResourceVersion;

    /// <summary>
    /// Without managedFields, which an apply must not carry. A uid would be of no use: the status subresource ignores it. So a status may
    /// reach a namesake made since; the namesake's own first visit puts it right.
    /// </summary>
    private static string Configuration<TEntity>(ResourceType type, TEntity entity, JsonNode? status, string? onlyAtVersion)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var metadata = new JsonObject { ["name"] = entity.Metadata.Name };
        if (!string.IsNullOrEmpty(entity.Metadata.NamespaceProperty))
            metadata["namespace"] = entity.Metadata.NamespaceProperty;
        if (onlyAtVersion is not null)
            metadata["resourceVersion"] = onlyAtVersion;
        return new JsonObject
        {
            ["apiVersion"] = type.ApiVersion,
            ["kind"] = type.Kind,
            ["metadata"] = metadata,
            ["status"] = status?.DeepClone(),
        }.ToJsonString();
    }

    private void Remember<TEntity>(TEntity entity, JsonNode? status, string? storedVersion)
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var now = timeProvider.GetUtcNow();
        if (_written.Count > SweepAbove)
        {
            foreach (var (uid, old) in _written)
            {
                if (now - old.At > LongestLag)
                    _written.TryRemove(uid, out _);
            }
        }

        _written[entity.Metadata.Uid ?? string.Empty] = new(entity.Metadata.ResourceVersion, status, storedVersion, now);
    }

    private static JsonNode? ToJson(object? status) =>
        status is null ? null : WithoutEmptyTexts(JsonNode.Parse(KubernetesJson.Serialize(status)));

    /// <summary>An empty text means absent, and must be: Kubernetes 1.20 turns one in an apply into null and refuses it.</summary>
    private static JsonNode? WithoutEmptyTexts(JsonNode? value)
    {
        if (value is JsonArray list)
        {
            foreach (var item in list)
                WithoutEmptyTexts(item);
        }
        else if (value is JsonObject map)
        {
            foreach (var name in map.Where(p => IsEmptyText(WithoutEmptyTexts(p.Value))).Select(p => p.Key).ToList())
                map.Remove(name);
        }

        return value;
    }

    private static bool IsEmptyText(JsonNode? value) =>
        value is JsonValue text && text.GetValueKind() == JsonValueKind.String && text.GetValue<string>().Length == 0;

    private sealed record Written(string? ReadVersion, JsonNode? Status, string? StoredVersion, DateTimeOffset At);
}
