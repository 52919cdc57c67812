using k8s;

namespace RecoveryOperator.Kubernetes.Clients;

/// <summary>Finds the API server the way kubectl does and opens the process's single client to it.</summary>
public static class KubernetesApiFactory
{
    /// <summary>
    /// Opens a client: from <paramref name="kubeconfigPath"/> if given, else from <c>KUBECONFIG</c>, else from inside the pod, else
    /// from <c>~/.kube/config</c>.
    /// </summary>
    /// <param name="kubeconfigPath">A kubeconfig file, or null to search.</param>
    /// <param name="context">The context of that file, or null for its current one. Only used with a kubeconfig file.</param>
    /// <param name="handlers">Extra handlers around every request, outermost first.</param>
    /// <exception cref="InvalidOperationException">No API server is configured, or the configuration cannot be read.</exception>
    public static KubernetesApi Create(string? kubeconfigPath = null, string? context = null, params DelegatingHandler[] handlers)
    {
        try
        {
            return new KubernetesApi(Configure(kubeconfigPath, context), handlers);
        }
        catch (Exception e) when (e is k8s.Exceptions.KubeConfigException or IOException or YamlDotNet.Core.YamlException)
        {
            throw new InvalidOperationException(
                $"No connection to Kubernetes could be configured (kubeconfig '{kubeconfigPath ?? "searched"}'): {e.Message} "
                + "Give the path of a kubeconfig, set KUBECONFIG, or run in a pod with a service account.",
                e);
        }
    }

    private static KubernetesClientConfiguration Configure(string? kubeconfigPath, string? context)
    {
        if (!string.IsNullOrEmpty(kubeconfigPath))
            return KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfigPath, context);
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBECONFIG")) && KubernetesClientConfiguration.IsInCluster())
            return KubernetesClientConfiguration.InClusterConfig();
        return KubernetesClientConfiguration.BuildDefaultConfig();
    }
}
