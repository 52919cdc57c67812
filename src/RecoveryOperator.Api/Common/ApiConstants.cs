namespace RecoveryOperator.Api.Common;

/// <summary>Names that appear in manifests and on objects.</summary>
public static class ApiConstants
{
    /// <summary>API group of all kinds.</summary>
    public const string Group = "recoveryoperator.io";

    /// <summary>Version of all kinds.</summary>
    public const string Version = "v1alpha1";

    /// <summary>Field manager of status writes, and source of events.</summary>
    public const string FieldManager = "recovery-operator";

    /// <summary>Finalizer of a ProtectedVM: the agent releases the machine, and the replica is kept or deleted.</summary>
    public const string ReleaseFinalizer = Group + "/release-protection";

    /// <summary>Finalizer of a RecoveryHost: its certificates are revoked, its machines released and their grants ended.</summary>
    public const string RevokeFinalizer = Group + "/revoke-host";

    /// <summary>Changing this annotation's value on a RecoveryHost revokes its certificates and makes a new enrolment token.</summary>
    public const string EnrolAgainAnnotation = Group + "/enrol-again";

    /// <summary>Changing this annotation's value on a ProtectedVM tries at once what a non-recoverable error had stopped; on a RecoveryJob, what it waits for.</summary>
    public const string RetryAnnotation = Group + "/retry";

    /// <summary>Changing this annotation's value on a ProtectedVM cuts and ships one set at once, beside the policy's schedule.</summary>
    public const string SyncAnnotation = Group + "/sync-requested";
}
