using System.Runtime.CompilerServices;
using Azure;

namespace RecoveryOperator.Vault.Storage;

/// <summary>Runs storage requests so that their errors come out as <see cref="VaultException"/>.</summary>
internal static class StorageCall
{
    public static async Task<T> RunAsync<T>(Uri target, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception fault) when (VaultErrors.IsStorageFault(fault, cancellationToken))
        {
            throw VaultErrors.Map(fault, VaultErrors.NameOf(target));
        }
    }

    /// <summary>Items of a listing, page by page.</summary>
    public static async IAsyncEnumerable<T> ListAsync<T>(Uri target, AsyncPageable<T> items, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : notnull
    {
        await using IAsyncEnumerator<T> enumerator = items.GetAsyncEnumerator(cancellationToken);
        while (await RunAsync(target, () => enumerator.MoveNextAsync().AsTask(), cancellationToken))
            yield return enumerator.Current;
    }
}
