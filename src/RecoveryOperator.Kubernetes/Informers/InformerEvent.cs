using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Informers;

/// <summary>
/// A change of an informer's copy. It says which key to look at, and decides nothing: what was missed in between is not shown.
/// </summary>
/// <param name="Key">The object.</param>
/// <param name="Before">What the copy held before; null for a new object.</param>
/// <param name="After">What it holds now; null for a deleted object. The same as <paramref name="Before"/> at a resync.</param>
public sealed record InformerEvent<T>(NamespacedName Key, T? Before, T? After)
    where T : class;
