using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>
/// The copy and its indexes. Changes and their handlers run under one lock, so that a handler that subscribes late sees every object
/// exactly once; handlers only put keys into queues. A handler or index that fails is reported and does not keep others from theirs.
/// </summary>
/// <param name="report">Gets the object and the fault of a handler or index.</param>
internal sealed class ObjectStore<T>(Action<NamespacedName, Exception> report) : IObjectReader<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<NamespacedName, T> _objects = [];
    private readonly Dictionary<string, ObjectIndex<T>> _indexes = [];
    private readonly List<Action<InformerEvent<T>>> _handlers = [];

    public T? Get(NamespacedName key)
    {
        lock (_lock)
            return _objects.GetValueOrDefault(key);
    }

    public IReadOnlyList<T> List(string? @namespace = null)
    {
        lock (_lock)
            return @namespace is null ? [.. _objects.Values] : [.. _objects.Where(o => o.Key.Namespace == @namespace).Select(o => o.Value)];
    }

    public IReadOnlyList<T> ByIndex(string index, string value)
    {
        lock (_lock)
        {
            if (!_indexes.TryGetValue(index, out var found))
                throw new ArgumentException($"The informer of {typeof(T).Name} has no index '{index}': add it before use.", nameof(index));
            return [.. found.Find(value).Select(key => _objects[key])];
        }
    }

    public void AddIndex(string name, Func<T, IEnumerable<string>> valuesOf)
    {
        lock (_lock)
        {
            var index = new ObjectIndex<T>(valuesOf);
            foreach (var (key, item) in _objects)
                Guard(key, () => index.Set(key, item));
            _indexes[name] = index;
        }
    }

    public IDisposable Subscribe(Action<InformerEvent<T>> handler)
    {
        lock (_lock)
        {
            foreach (var (key, item) in _objects)
                Guard(key, () => handler(new(key, null, item)));
            _handlers.Add(handler);
        }

        return new Subscription(this, handler);
    }

    /// <summary>Makes the copy equal to a full list; what the list lacks was deleted while nobody looked.</summary>
    /// <returns>How many deletions were synthesised.</returns>
    public int Replace(IReadOnlyCollection<T> items, IReadOnlySet<NamespacedName> undecodable)
    {
        lock (_lock)
        {
            var listed = items.Select(i => NamespacedName.Of(i)).ToHashSet();
            var gone = _objects.Where(o => !listed.Contains(o.Key) && !undecodable.Contains(o.Key)).Select(o => o.Key).ToList();
            gone.ForEach(Delete);
            foreach (var item in items)
                Set(item);
            return gone.Count;
        }
    }

    public void Set(T item)
    {
        lock (_lock)
        {
            var key = NamespacedName.Of(item);
            var before = _objects.GetValueOrDefault(key);
            if (before is not null && before.Metadata.Uid != item.Metadata.Uid)
            {
                // Deleted and created again under one name while nobody looked: two lives, two events.
                Delete(key);
                before = null;
            }

            if (before is not null && before.Metadata.ResourceVersion == item.Metadata.ResourceVersion)
                return;
            _objects[key] = item;
            foreach (var index in _indexes.Values)
                Guard(key, () => index.Set(key, item));
            Tell(new(key, before, item));
        }
    }

    public void Delete(NamespacedName key)
    {
        lock (_lock)
        {
            if (!_objects.Remove(key, out var before))
                return;
            foreach (var index in _indexes.Values)
                index.Remove(key);
            Tell(new(key, before, null));
        }
    }

    public void Resync()
    {
        lock (_lock)
        {
            foreach (var (key, item) in _objects)
                Tell(new(key, item, item));
        }
    }

    private void Tell(InformerEvent<T> change)
    {
        foreach (var handler in _handlers)
            Guard(change.Key, () => handler(change));
    }

    private void Guard(NamespacedName key, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            report(key, e);
        }
    }

    private sealed class Subscription(ObjectStore<T> store, Action<InformerEvent<T>> handler) : IDisposable
    {
        public void Dispose()
        {
            lock (store._lock)
                store._handlers.Remove(handler);
        }
    }
}
