using RecoveryOperator.Api.Policies;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Policies;
using RecoveryOperator.Operator.Sites;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>What a ProtectedVM names, found or not.</summary>
internal sealed record ResolvedReferences(RecoverySite? Site, PolicyTerms? Terms, RecoveryVault? Vault, Obstacle? Obstacle);

/// <summary>Finds the objects that a ProtectedVM names and checks those of their values that it relies on.</summary>
internal sealed class ReferenceResolver(
    IObjectReader<RecoverySite> sites, IObjectReader<ReplicationPolicy> policies, IObjectReader<RecoveryVault> vaults)
{
    public ResolvedReferences Resolve(ProtectedVM entity)
    {
        var site = sites.Get(Named(entity, entity.Spec.SiteRef.Name));
        var policy = policies.Get(Named(entity, entity.Spec.PolicyRef.Name));
        var vault = vaults.Get(Named(entity, entity.Spec.VaultRef.Name));
        var (terms, invalid) = policy is null ? (null, null) : PolicyTerms.Read(policy);
        List<Obstacle?> all =
        [
            (entity.Spec.Vm.Name is null) == (entity.Spec.Vm.Id is null) ? new("InvalidSpec", "spec.vm needs exactly one of name and id. Correct it.") : null,
            site is null ? Missing(entity, RecoverySite.KindName, entity.Spec.SiteRef.Name, "siteRef", "SiteNotFound") : null,
            policy is null ? Missing(entity, ReplicationPolicy.KindName, entity.Spec.PolicyRef.Name, "policyRef", "PolicyNotFound") : null,
            vault is null ? Missing(entity, RecoveryVault.KindName, entity.Spec.VaultRef.Name, "vaultRef", "VaultNotFound") : null,
            site is not null && RecoverySiteController.Invalid(site.Spec) is { } unusable ? unusable with { Message = $"RecoverySite {Named(entity, site.Metadata.Name)}: {unusable.Message}" } : null,
            invalid,
        ];
        var faults = all.OfType<Obstacle>().ToList();
        // Every fault is told at once; the first one's reason stands for all.
        var obstacle = faults.Count == 0 ? null : faults[0] with { Message = string.Join(" ", faults.Select(f => f.Message)) };
        return new(site, terms, vault, obstacle);
    }

    private static Obstacle Missing(ProtectedVM entity, string kind, string name, string field, string reason) =>
        new(reason, $"{kind} {Named(entity, name)} does not exist: create it, or correct spec.{field}.");

    private static NamespacedName Named(ProtectedVM entity, string name) => new(entity.Metadata.NamespaceProperty, name);
}
