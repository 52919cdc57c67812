using RecoveryOperator.Api.ProtectedVMs;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Indexes over ProtectedVMs; values are <c>namespace/name</c> of what they name.</summary>
internal static class ProtectionIndexes
{
    public const string Site = "site";
    public const string Policy = "policy";
    public const string Vault = "vault";

    public static IEnumerable<string> BySite(ProtectedVM vm) => [Key(vm, vm.Spec.SiteRef.Name)];

    public static IEnumerable<string> ByPolicy(ProtectedVM vm) => [Key(vm, vm.Spec.PolicyRef.Name)];

    public static IEnumerable<string> ByVault(ProtectedVM vm) => [Key(vm, vm.Spec.VaultRef.Name)];

    private static string Key(ProtectedVM vm, string name) => $"{vm.Metadata.NamespaceProperty}/{name}";
}
