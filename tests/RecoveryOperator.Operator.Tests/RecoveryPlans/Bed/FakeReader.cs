using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>The cluster's objects of one kind, in memory.</summary>
internal sealed class FakeReader<T> : IObjectReader<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    public List<T> Items { get; } = [];

    public T? Get(NamespacedName key) => Items.FirstOrDefault(i => i.Metadata.NamespaceProperty == key.Namespace && i.Metadata.Name == key.Name);

    public IReadOnlyList<T> List(string? @namespace = null) => [.. Items.Where(i => @namespace is null || i.Metadata.NamespaceProperty == @namespace)];

    /// <summary>Whether an object stands under a value in an index; there is no index unless set.</summary>
    public Func<T, string, string, bool>? Indexed { get; init; }

    public IReadOnlyList<T> ByIndex(string index, string value) => Indexed is { } stands
        ? [.. Items.Where(item => stands(item, index, value))]
        : throw new ArgumentException($"There is no index {index}.");
}
