using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>Finds objects by a value computed from them. Not thread-safe: its store locks.</summary>
/// <param name="valuesOf">The values under which an object is found.</param>
internal sealed class ObjectIndex<T>(Func<T, IEnumerable<string>> valuesOf)
{
    private readonly Dictionary<string, HashSet<NamespacedName>> _keys = [];

    public void Add(NamespacedName key, T item)
    {
        foreach (var value in valuesOf(item))
        {
            if (!_keys.TryGetValue(value, out var keys))
                _keys[value] = keys = [];
            keys.Add(key);
        }
    }

    public void Remove(NamespacedName key, T item)
    {
        foreach (var value in valuesOf(item))
        {
            if (_keys.TryGetValue(value, out var keys) && keys.Remove(key) && keys.Count == 0)
                _keys.Remove(value);
        }
    }

    public IEnumerable<NamespacedName> Find(string value) => _keys.TryGetValue(value, out var keys) ? keys : [];
}
