namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Everything that is kept in memory about protections, to be let go of together.</summary>
internal sealed class ProtectionCaches(
    ProtectionRegistry registry, ReplicaReader replicas, GivenProtections given, PrerequisiteChecks checks, HostGrants grants, ProtectionKeys keys, CopyPaces paces)
{
    public void Forget(string protectionId)
    {
        registry.Remove(protectionId);
        replicas.Forget(protectionId);
        given.Forget(protectionId);
        checks.Forget(protectionId);
        grants.Forget(protectionId);
        keys.Forget(protectionId);
        paces.Forget(protectionId);
    }
}
