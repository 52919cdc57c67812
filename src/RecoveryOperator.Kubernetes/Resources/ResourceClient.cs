using System.Runtime.CompilerServices;
using k8s;
using k8s.Autorest;
using k8s.Models;
using RecoveryOperator.Kubernetes.Clients;

namespace RecoveryOperator.Kubernetes.Resources;

/// <summary>
/// Reads and writes objects of any kind, built in or custom, by their REST path. Every failure is a
/// <see cref="ResourceRequestException"/> that names the request; cancellation is an <see cref="OperationCanceledException"/>.
/// </summary>
/// <param name="api">The process's client.</param>
/// <param name="timeProvider">Measures the request timeout.</param>
public sealed class ResourceClient(KubernetesApi api, TimeProvider timeProvider)
{
    private const string Json = "application/json";

    /// <summary>How long a request other than a watch may take, 30 s unless set.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads one object; null if it does not exist.</summary>
    public async Task<T?> GetAsync<T>(NamespacedName key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return ResourceDecoder.Object<T>(await RequestAsync(HttpMethod.Get, ResourceType.Of<T>().ObjectPath(key), null, Json, cancellationToken));
        }
        catch (ResourceRequestException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Reads one page of a list.</summary>
    /// <param name="query">Which objects.</param>
    /// <param name="pageSize">At most so many objects; 0 for all at once.</param>
    /// <param name="continueToken">From the page before; null for the first.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<ResourceList<T>> ListAsync<T>(
        ResourceQuery query, int pageSize, string? continueToken, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(query);
        var uri = ResourceType.Of<T>().CollectionPath(query.Namespace) + QueryString.Of(
            ("labelSelector", query.LabelSelector),
            ("limit", pageSize > 0 ? pageSize.ToString(System.Globalization.CultureInfo.InvariantCulture) : null),
            ("continue", continueToken));
        return ResourceDecoder.List<T>(await RequestAsync(HttpMethod.Get, uri, null, Json, cancellationToken));
    }

    /// <summary>
    /// Watches from <paramref name="resourceVersion"/>, with bookmarks, until the server ends the stream. An error within the stream
    /// comes as <see cref="WatchEvent{T}.Failed"/>; an HTTP error (410 too) is thrown.
    /// </summary>
    /// <param name="query">Which objects.</param>
    /// <param name="resourceVersion">Where the list or the watch before ended.</param>
    /// <param name="timeout">When the server shall end the stream, in whole seconds.</param>
    /// <param name="cancellationToken">Ends the request at once, also while it is silent.</param>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceQuery query, string resourceVersion, TimeSpan timeout, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(query);
        var uri = ResourceType.Of<T>().CollectionPath(query.Namespace) + QueryString.Of(
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("labelSelector", query.LabelSelector),
            ("resourceVersion", resourceVersion),
            ("timeoutSeconds", ((long)Math.Ceiling(timeout.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var operation = $"WATCH {uri}";
        using var response = await Translate(operation, () => api.SendAsync(HttpMethod.Get, uri, null, Json, cancellationToken), cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream);
        while (await Translate(operation, () => reader.ReadLineAsync(cancellationToken).AsTask(), cancellationToken) is { } line)
        {
            if (line.Length > 0)
                yield return ResourceDecoder.Event<T>(line);
        }
    }

    /// <summary>Creates an object and returns it as stored.</summary>
    public async Task<T> CreateAsync<T>(T entity, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(entity);
        var type = ResourceType.Of<T>();
        entity.ApiVersion ??= type.ApiVersion;
        entity.Kind ??= type.Kind;
        var body = KubernetesJson.Serialize(entity);
        return ResourceDecoder.Object<T>(
            await RequestAsync(HttpMethod.Post, type.CollectionPath(entity.Metadata.NamespaceProperty), body, Json, cancellationToken));
    }

    /// <summary>Replaces an object; a conflict if it changed since its resourceVersion was read.</summary>
    public async Task<T> ReplaceAsync<T>(T entity, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(entity);
        var path = ResourceType.Of<T>().ObjectPath(NamespacedName.Of(entity));
        return ResourceDecoder.Object<T>(await RequestAsync(HttpMethod.Put, path, KubernetesJson.Serialize(entity), Json, cancellationToken));
    }

    /// <summary>Deletes an object; false if it did not exist.</summary>
    public async Task<bool> DeleteAsync<T>(NamespacedName key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            await RequestAsync(HttpMethod.Delete, ResourceType.Of<T>().ObjectPath(key), null, Json, cancellationToken);
            return true;
        }
        catch (ResourceRequestException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Deletes an object if it is still the one that was read, unchanged; false if it did not exist.</summary>
    /// <exception cref="ResourceRequestException">A conflict if it changed since, or a namesake stands there.</exception>
    public async Task<bool> DeleteAsReadAsync<T>(T entity, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(entity);
        var options = KubernetesJson.Serialize(new V1DeleteOptions
        {
            ApiVersion = "v1",
            Kind = "DeleteOptions",
            Preconditions = new V1Preconditions { Uid = entity.Metadata.Uid, ResourceVersion = entity.Metadata.ResourceVersion },
        });
        try
        {
            await RequestAsync(HttpMethod.Delete, ResourceType.Of<T>().ObjectPath(NamespacedName.Of(entity)), options, Json, cancellationToken);
            return true;
        }
        catch (ResourceRequestException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Sends a JSON merge patch. With a resourceVersion in its metadata it is refused as a conflict if the object changed.</summary>
    /// <param name="key">The object.</param>
    /// <param name="patch">The patch, as JSON.</param>
    /// <param name="subresource">A subresource such as <c>status</c>, or null for the object itself.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public Task<T> MergePatchAsync<T>(NamespacedName key, string patch, string? subresource, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        PatchAsync<T>(ResourceType.Of<T>().ObjectPath(key, subresource), patch, "application/merge-patch+json", cancellationToken);

    /// <summary>Sends a server-side apply that takes over fields which others own.</summary>
    /// <param name="key">The object.</param>
    /// <param name="configuration">The applied configuration, as JSON; everything the manager wants to own.</param>
    /// <param name="fieldManager">Who applies.</param>
    /// <param name="subresource">A subresource such as <c>status</c>, or null for the object itself (which is created if absent).</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public Task<T> ApplyAsync<T>(
        NamespacedName key, string configuration, string fieldManager, string? subresource, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var uri = ResourceType.Of<T>().ObjectPath(key, subresource) + QueryString.Of(("fieldManager", fieldManager), ("force", "true"));
        return PatchAsync<T>(uri, configuration, "application/apply-patch+yaml", cancellationToken);
    }

    private async Task<T> PatchAsync<T>(string uri, string body, string contentType, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        ResourceDecoder.Object<T>(await RequestAsync(HttpMethod.Patch, uri, body, contentType, cancellationToken));

    private async Task<string> RequestAsync(
        HttpMethod method, string uri, string? body, string contentType, CancellationToken cancellationToken)
    {
        var operation = $"{method} {uri}";
        using var timeout = new CancellationTokenSource(RequestTimeout, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await Translate(
                operation,
                async () =>
                {
                    using var response = await api.SendAsync(method, uri, body, contentType, linked.Token);
                    return await response.Content.ReadAsStringAsync(linked.Token);
                },
                linked.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw ResourceRequestException.TimedOut(operation, RequestTimeout, e);
        }
    }

    private static async Task<TResult> Translate<TResult>(string operation, Func<Task<TResult>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await send();
        }
        catch (HttpOperationException e)
        {
            throw ResourceRequestException.From(operation, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
        {
            throw ResourceRequestException.Unreachable(operation, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // A cancelled request can surface as a broken connection.
            throw new OperationCanceledException(operation, e, cancellationToken);
        }
    }
}
