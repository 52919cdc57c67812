using k8s;
using k8s.Models;

namespace RecoveryOperator.Kubernetes.Tests.Widgets;

/// <summary>A kind that only these tests know.</summary>
[KubernetesEntity(Group = "test.recoveryoperator.io", ApiVersion = "v1", Kind = "Widget", PluralName = "widgets")]
public sealed class Widget : IKubernetesObject<V1ObjectMeta>, ISpec<WidgetSpec>, IStatus<WidgetStatus?>
{
    public string ApiVersion { get; set; } = "test.recoveryoperator.io/v1";

    public string Kind { get; set; } = "Widget";

    public V1ObjectMeta Metadata { get; set; } = new();

    public WidgetSpec Spec { get; set; } = new();

    public WidgetStatus? Status { get; set; }

    public static Widget Named(string @namespace, string name, int size = 1) =>
        new() { Metadata = new() { NamespaceProperty = @namespace, Name = name }, Spec = new() { Size = size } };
}

public sealed class WidgetSpec
{
    public int Size { get; set; }

    public string? Owner { get; set; }
}

public sealed class WidgetStatus
{
    public string? Phase { get; set; }

    public long? SizeBytes { get; set; }

    public string? Note { get; set; }

    public IList<V1Condition>? Conditions { get; set; }
}
