namespace RecoveryOperator.Kubernetes.Resources;

/// <summary>Which objects of a kind a list or watch is about.</summary>
/// <param name="Namespace">One namespace, or null for all.</param>
/// <param name="LabelSelector">A label selector in the API's own syntax, or null for all.</param>
public sealed record ResourceQuery(string? Namespace = null, string? LabelSelector = null);
