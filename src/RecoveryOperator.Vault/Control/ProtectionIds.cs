using RecoveryOperator.DataPath;

namespace RecoveryOperator.Vault.Control;

/// <summary>Ids of protections and plans: hashes of names, never of a Kubernetes uid, so that a rebuilt cluster finds what is there.</summary>
public static class ProtectionIds
{
    /// <summary>Id of a ProtectedVM.</summary>
    public static ProtectionId Derive(string prefix, string vmNamespace, string name) => ProtectionId.Compute(prefix, vmNamespace, name);

    /// <summary>Id of a RecoveryPlan.</summary>
    public static ProtectionId DerivePlan(string prefix, string planNamespace, string name) =>
        ProtectionId.Compute(prefix, planNamespace, $"plan\n{name}");
}
