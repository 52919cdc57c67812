using RecoveryOperator.Kubernetes.Clients;

namespace RecoveryOperator.Testing;

/// <summary>An API server that a suite runs against: the in-process fake, or the real one.</summary>
public interface ITestApiServer
{
    /// <summary>Starts the server if it does not run; its data and address stay over stops.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Stops the server; connections break.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Opens a client as an administrator; the server must have been started once.</summary>
    KubernetesApi Connect(params DelegatingHandler[] handlers);
}
