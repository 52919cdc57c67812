using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>The agents as a plan uses them. A test seam; the product's one is over gRPC.</summary>
public interface IPlanAgents
{
    /// <summary>
    /// Begins an operation on a host, or finds the one of the same id, and returns how it stands. Does not wait for its end.
    /// </summary>
    /// <exception cref="AgentUnavailableException">The host's agent cannot be reached.</exception>
    Task<Protocol.Operation> BeginAsync(NamespacedName host, StartHostOperationRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Asks the vault's agent to apply everything before the epoch's seal now. Best effort: without an agent's answer the work is found in the vault anyway.
    /// </summary>
    Task HurryAsync(NamespacedName vault, string operationId, string protectionId, long epoch, CancellationToken cancellationToken);
}

/// <summary>An agent cannot be reached; the message names it and what to do.</summary>
public sealed class AgentUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);
