using static RecoveryOperator.Operator.Tests.BadInput.BadManifest;

namespace RecoveryOperator.Operator.Tests.BadInput.Cases;

internal static class ProtectedVMCases
{
    private const string Vm = "ProtectedVM";

    public static IReadOnlyList<BadManifest> All { get; } =
    [
        Schema(Vm, """{"siteRef":null}""", "siteRef", "required"),
        Schema(Vm, """{"vm":null}""", "vm", "required"),
        Schema(Vm, """{"vm":{"name":""}}""", "spec.vm.name"),
        Schema(Vm, """{"policyRef":null}""", "policyRef", "required"),
        Schema(Vm, """{"policyRef":"gold"}""", "policyRef", "type"),
        Schema(Vm, """{"vaultRef":{"name":"Main Vault"}}""", "spec.vaultRef.name", "should match"),
        Schema(Vm, """{"excludeDisks":["vdb","vdb"]}""", "spec.excludeDisks", "duplicate"),
        Schema(Vm, """{"excludeDisks":[""]}""", "spec.excludeDisks"),
        Schema(Vm, """{"excludeDisks":"vdb"}""", "excludeDisks", "array"),
        Schema(Vm, """{"paused":"yes"}""", "paused", "boolean"),
        Schema(Vm, """{"deletionPolicy":"Keep"}""", "spec.deletionPolicy", "Retain"),
        Schema(Vm, """{"resync":{"action":"Run"}}""", "token", "required"),
        Schema(Vm, """{"resync":{"token":"after incident"}}""", "spec.resync.token", "should match"),
        Schema(Vm, """{"resync":{"token":"a","action":"Restart"}}""", "spec.resync.action", "Cancel"),
        Schema(Vm, """{"resync":{"token":"a","checksums":"Anew"}}""", "spec.resync.checksums", "Computed"),
        Schema(Vm, """{"adopt":{"fromMachineId":"m-9"}}""", "fromCluster", "required"),
        Schema(Vm, """{"target":{"name":"web-copy"}}""", "siteRef", "required"),
        Schema(Vm, """{"policy":{"name":"gold"}}""", "unknown field", "policy"),
        Rule(Vm, """{"vm":{"name":null}}""", "give exactly one of name and id", "ReferencesResolved", "spec.vm needs exactly one of name and id", "Correct it"),
        Rule(Vm, """{"vm":{"id":"m-1"}}""", "give exactly one of name and id", "ReferencesResolved", "spec.vm needs exactly one of name and id", "Correct it"),
        Rule(Vm, """{"vm":{"name":"other"}}""", "cannot be changed; delete this object and create another") with { First = """{"vm":{"name":"nobody"}}""" },
        Rule(Vm, """{"vaultRef":{"name":"other"}}""", "cannot be changed; delete this object and create another") with { First = """{"vm":{"name":"nobody"}}""" },
        Rule(Vm, """{"resync":{"checksums":"Computed"}}""", "checksums belongs to the token and cannot be changed alone: give a new token") with { First = """{"vm":{"name":"nobody"},"resync":{"token":"a"}}""" },
        Accepted(Vm, """{"siteRef":{"name":"nowhere"}}""", "ReferencesResolved", "RecoverySite", "nowhere does not exist", "create it, or correct spec.siteRef"),
        Accepted(Vm, """{"policyRef":{"name":"none"}}""", "ReferencesResolved", "ReplicationPolicy", "none does not exist", "create it, or correct spec.policyRef"),
        Accepted(Vm, """{"vaultRef":{"name":"none"}}""", "ReferencesResolved", "RecoveryVault", "none does not exist", "create it, or correct spec.vaultRef"),
        Accepted(Vm, """{"policyRef":{"name":"none"},"vaultRef":{"name":"none"}}""", "Ready", "ReplicationPolicy", "RecoveryVault", "none does not exist"),
        Accepted(Vm, """{"vm":{"name":"nobody"}}""", "MachineFound", "nobody", "site"),
        Accepted(Vm, """{"vm":{"name":"db"}}""", "MachineFound", "is protected by the older ProtectedVM", "standing-vm: delete one of the two"),
        Accepted(Vm, """{"excludeDisks":["vdz"]}""", "DisksSelected", "names vdz", "has vda", "correct or remove the name"),
        Accepted(Vm, """{"excludeDisks":["vda"]}""", "DisksSelected", "names every disk", "leave at least one in"),
        Accepted(Vm, """{"target":{"siteRef":{"name":"nowhere"}}}""", "TargetUsable", "nowhere, the target, does not exist", "create it, or correct spec.target.siteRef"),
        Accepted(Vm, """{"target":{"siteRef":{"name":"cloud"}}}""", "TargetUsable", "no driver for sites of type Azure"),
        Accepted(Vm, """{"target":{"siteRef":{"name":"site-b"}}}""", "TargetUsable", "has no RecoveryHost: create one"),
        Accepted(Vm, """{"target":{"siteRef":{"name":"site"}}}""", "TargetUsable", "is the host that the machine runs on", "add a second host"),
        Accepted(Vm, """{"target":{"siteRef":{"name":"site"},"hostRef":{"name":"host-z"}}}""", "TargetUsable", "host-z, the target, is not in RecoverySite", "create it there, or correct spec.target.hostRef"),
        Accepted(Vm, """{"target":{"siteRef":{"name":"site-c"}}}""", "NetworksMapped", "Network 'lan'", "not mapped from site to site-c", "standing-map", "add it to spec.mappings"),
        Accepted(Vm, """{"target":{"siteRef":{"name":"site-b"}}}""", "NetworksMapped", "no NetworkMap from site to site-b"),
    ];
}
