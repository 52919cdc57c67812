using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Leadership;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>What the controllers of a process share.</summary>
public sealed record KubernetesRuntimeOptions
{
    /// <summary>Who writes: the field manager of status and the source of events.</summary>
    public required string Component { get; init; }

    /// <summary>A kubeconfig file, or null to search (KUBECONFIG, the pod, the home directory).</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>The election; disabled for single runs.</summary>
    public LeadershipOptions Leadership { get; init; } = new();

    /// <summary>How informers keep their copies, where a kind says nothing else.</summary>
    public InformerOptions Informers { get; init; } = new();
}
