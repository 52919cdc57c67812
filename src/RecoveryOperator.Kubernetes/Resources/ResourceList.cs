namespace RecoveryOperator.Kubernetes.Resources;

/// <summary>One page of a list.</summary>
/// <param name="Items">The objects.</param>
/// <param name="Undecodable">Objects that exist but do not fit the type: they must not be taken for deleted.</param>
/// <param name="ResourceVersion">The version of the collection; a watch continues from here.</param>
/// <param name="ContinueToken">Asks for the next page; null on the last.</param>
public sealed record ResourceList<T>(
    IReadOnlyList<T> Items, IReadOnlyList<UndecodableObject> Undecodable, string ResourceVersion, string? ContinueToken);

/// <summary>An object that the server sent and the type cannot hold.</summary>
/// <param name="Key">The object.</param>
/// <param name="Error">Which field does not fit, and why.</param>
public sealed record UndecodableObject(NamespacedName Key, string Error);
