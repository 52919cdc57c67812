using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Trust;

/// <summary>A Secret stands where the operator keeps its own, and is somebody else's.</summary>
internal sealed class ForeignSecretException(NamespacedName secret)
    : Exception($"Secret {secret} belongs to something else than this RecoveryHost: delete it, the operator makes it anew.");
