using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>Reads one full list, page by page; if its continue token expires on the way, once more in a single page.</summary>
internal sealed class Listing<T>(ResourceClient client, InformerOptions options)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    public List<T> Items { get; } = [];

    public List<UndecodableObject> Undecodable { get; } = [];

    /// <returns>The version of the collection, from which to watch.</returns>
    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadPagesAsync(options.PageSize, cancellationToken);
        }
        catch (ResourceRequestException e) when (e.IsGone && options.PageSize > 0)
        {
            Items.Clear();
            Undecodable.Clear();
            return await ReadPagesAsync(0, cancellationToken);
        }
    }

    private async Task<string> ReadPagesAsync(int pageSize, CancellationToken cancellationToken)
    {
        string? next = null;
        string version;
        do
        {
            var page = await client.ListAsync<T>(options.Query, pageSize, next, cancellationToken);
            Items.AddRange(page.Items);
            Undecodable.AddRange(page.Undecodable);
            (next, version) = (page.ContinueToken, page.ResourceVersion);
        }
        while (next is not null);
        return version;
    }
}
