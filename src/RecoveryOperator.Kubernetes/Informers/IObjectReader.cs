using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>The local copy of a kind's objects. The objects are shared: never change them, copy first.</summary>
public interface IObjectReader<T>
    where T : class
{
    /// <summary>The object, or null.</summary>
    T? Get(NamespacedName key);

    /// <summary>All objects, of one namespace or of all.</summary>
    IReadOnlyList<T> List(string? @namespace = null);

    /// <summary>The objects that an index puts under a value.</summary>
    /// <param name="index">The name the index was added with.</param>
    /// <param name="value">The value looked up.</param>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    IReadOnlyList<T> ByIndex(string index, string value);
}
