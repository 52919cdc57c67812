using static RecoveryOperator.Operator.Tests.BadInput.BadManifest;

namespace RecoveryOperator.Operator.Tests.BadInput.Cases;

internal static class JobCases
{
    private const string Job = "RecoveryJob";

    public static IReadOnlyList<BadManifest> All { get; } =
    [
        Schema(Job, """{"type":"Failover"}""", "spec.type", "UnplannedFailover"),
        Schema(Job, """{"subjectRef":{"kind":"Pod"}}""", "spec.subjectRef.kind", "ProtectedVM"),
        Schema(Job, """{"subjectRef":{"name":null}}""", "name", "required"),
        Schema(Job, """{"operationId":null}""", "operationId", "required"),
        Schema(Job, """{"operationId":"drill of today"}""", "spec.operationId", "should match"),
        Schema(Job, """{"ttlSecondsAfterFinished":-1}""", "spec.ttlSecondsAfterFinished", "greater than or equal to 0"),
        Schema(Job, """{"ttlSecondsAfterFinished":31536001}""", "spec.ttlSecondsAfterFinished", "less than or equal to 31536000"),
        Schema(Job, """{"recoveryPoint":"newest"}""", "spec.recoveryPoint", "LatestAppConsistent"),
        Schema(Job, """{"cancel":{}}""", "id", "required"),
        Rule(Job, """{"type":"Finalize"}""", "subjectRef.kind must be ProtectedVM"),
        Rule(Job, """{"type":"Commit","recoveryPoint":"Latest"}""", "recoveryPoint is only for TestFailover"),
        Rule(Job, """{"type":"Commit"}""", "type cannot be changed: a job says what was begun") with { First = "{}" },
        Rule(Job, """{"subjectRef":{"name":"other"}}""", "subjectRef cannot be changed") with { First = "{}" },
        Rule(Job, """{"operationId":"other"}""", "operationId cannot be changed") with { First = "{}" },
        Rule(Job, """{"recoveryPoint":"Latest"}""", "recoveryPoint cannot be changed") with { First = "{}" },
        Rule(Job, """{"cancel":null}""", "cancel cannot be changed or taken back: ask for the operation again under a new id") with { First = """{"cancel":{"id":"c-1"}}""" },
    ];
}
