using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>Finds objects by a value computed from them. Not thread-safe: its store locks.</summary>
/// <param name="valuesOf">The values under which an object is found.</param>
internal sealed class ObjectIndex<T>(Func<T, IEnumerable<string>> valuesOf)
{
    private readonly Dictionary<string, HashSet<NamespacedName>> _keys = [];
    private readonly Dictionary<NamespacedName, string[]> _values = [];

    /// <summary>Files the object under its values, and no longer under those it had. If the values cannot be computed it has none.</summary>
    public void Set(NamespacedName key, T item)
    {
        Remove(key);
        string[] values = [.. valuesOf(item).Distinct()];
        _values[key] = values;
        foreach (var value in values)
        {
            if (!_keys.TryGetValue(value, out var keys))
                _keys[value] = keys = [];
            keys.Add(key);
        }
    }

    public void Remove(NamespacedName key)
    {
        if (!_values.Remove(key, out var values))
            return;
        foreach (var value in values)
        {
            if (_keys.TryGetValue(value, out var keys) && keys.Remove(key) && keys.Count == 0)
                _keys.Remove(value);
        }
    }

    public IEnumerable<NamespacedName> Find(string value) => _keys.TryGetValue(value, out var keys) ? keys : [];
}
