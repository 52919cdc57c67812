using static RecoveryOperator.Operator.Tests.BadInput.BadManifest;

namespace RecoveryOperator.Operator.Tests.BadInput.Cases;

internal static class PlanCases
{
    private const string Plan = "RecoveryPlan";

    public static IReadOnlyList<BadManifest> All { get; } =
    [
        Schema(Plan, """{"groups":null}""", "groups", "required"),
        Schema(Plan, """{"groups":[]}""", "spec.groups", "at least 1"),
        Schema(Plan, """{"groups":[{"name":"a","vms":[]}]}""", "vms", "at least 1"),
        Schema(Plan, """{"groups":[{"name":"a","vms":[{"name":"x"},{"name":"x"}]}]}""", "vms", "duplicate"),
        Schema(Plan, """{"groups":[{"name":"a","vms":[{"name":"x"}]},{"name":"a","vms":[{"name":"y"}]}]}""", "spec.groups", "duplicate"),
        Schema(Plan, """{"groups":[{"vms":[{"name":"x"}]}]}""", "name", "required"),
        Schema(Plan, """{"groups":[{"name":"a","vms":["x"]}]}""", "vms", "type"),
        Schema(Plan, """{"operation":{"type":"Commit"}}""", "id", "required"),
        Schema(Plan, """{"operation":{"id":"a"}}""", "type", "required"),
        Schema(Plan, """{"operation":{"id":"power loss","type":"UnplannedFailover"}}""", "spec.operation.id", "should match"),
        Schema(Plan, """{"operation":{"id":"a","type":"Failover"}}""", "spec.operation.type", "UnplannedFailover"),
        Schema(Plan, """{"operation":{"id":"a","type":"UnplannedFailover","recoveryPoint":"yesterday"}}""", "spec.operation.recoveryPoint", "LatestProcessed"),
        Schema(Plan, """{"targetSiteRef":{}}""", "name", "required"),
        Rule(Plan, """{"vaultRef":{"name":"other"}}""", "vaultRef cannot be changed; delete this object and create another") with { First = """{"vaultRef":{"name":"vault"}}""" },
        Schema(Plan, """{"operation":{"id":"a","type":"CleanupTestFailover","notes":["it worked"]}}""", "notes", "type"),
        Schema(Plan, "{\"operation\":{\"id\":\"a\",\"type\":\"CleanupTestFailover\",\"notes\":\"" + new string('x', 1025) + "\"}}", "spec.operation.notes", "1024"),
        Rule(Plan, """{"operation":{"id":"a","type":"Commit","recoveryPoint":"Latest"}}""", "recoveryPoint is only for"),
        Rule(Plan, """{"operation":{"id":"a","type":"CleanupTestFailover","recoveryPoint":"Latest"}}""", "recoveryPoint is only for"),
        Rule(Plan, """{"operation":{"id":"a","type":"TestFailover","notes":"it worked"}}""", "notes is only for CleanupTestFailover"),
        Accepted(Plan, """{"vaultRef":{"name":"vault"}}""", "Ready", "ProtectedVM", "nobody does not exist", "create it, or take it out of the plan"),
        Accepted(Plan, """{"vaultRef":{"name":"none"}}""", "Ready", "none does not exist", "Create it"),
    ];
}
