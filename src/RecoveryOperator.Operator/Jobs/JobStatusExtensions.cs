using RecoveryOperator.Api.Jobs;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>What is read out of jobs.</summary>
internal static class JobStatusExtensions
{
    /// <summary>It has ended, in whichever way.</summary>
    public static bool HasEnded(this RecoveryJobState? state) =>
        state is RecoveryJobState.Succeeded or RecoveryJobState.Failed or RecoveryJobState.Canceled;

    /// <summary>It has ended, as far as this status tells.</summary>
    public static bool HasEnded(this RecoveryJobStatus? status) => status?.State.HasEnded() ?? false;

    /// <summary>The operator made it: it belongs to its subject.</summary>
    public static bool IsMadeByOperator(this RecoveryJob job) =>
        job.Metadata.OwnerReferences?.Any(o => o.Controller == true && o.Kind == job.Spec.SubjectRef.Kind.ToString() && o.Name == job.Spec.SubjectRef.Name) ?? false;
}
