using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Status;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>Makes a job's status from a picture and the status before. Pure. Nothing goes back to Pending, and no time is invented.</summary>
internal static class JobStatusBuilder
{
    private const int LongestMessage = 4096;
    private const int LongestStepMessage = 512;

    /// <param name="job">The job as it was read.</param>
    /// <param name="before">Its newest status, also where the copy has not seen it yet.</param>
    /// <param name="picture">How the operation stands.</param>
    /// <param name="now">The time.</param>
    public static RecoveryJobStatus Build(RecoveryJob job, RecoveryJobStatus? before, JobPicture picture, DateTimeOffset now)
    {
        var state = picture.State == RecoveryJobState.Pending && before?.State is RecoveryJobState.Running or RecoveryJobState.Canceling ? before.State!.Value : picture.State;
        var ended = ((RecoveryJobState?)state).HasEnded();
        var steps = picture.Steps.Select(s => Step(s, before, ended, now.WholeSeconds())).ToList();
        return new()
        {
            ObservedGeneration = job.Metadata.Generation,
            State = state,
            StartedAt = picture.StartedAt.WholeSeconds() ?? before?.StartedAt ?? (state == RecoveryJobState.Pending ? null : now.WholeSeconds()),
            FinishedAt = ended ? picture.FinishedAt.WholeSeconds() ?? now.WholeSeconds() : null,
            CurrentStep = Current(steps)?.Name,
            Percent = picture.Percent,
            Message = picture.Message.Cut(LongestMessage),
            RpoSeconds = picture.RpoSeconds,
            RtoSeconds = picture.RtoSeconds,
            Steps = steps,
            Conditions = ConditionSet.Build(before?.Conditions, Conditions(state, picture, job.Spec.Cancel), job.Metadata.Generation, now),
        };
    }

    private static JobStepStatus? Current(List<JobStepStatus> steps) =>
        steps.Find(s => s.State is JobStepState.Running or JobStepState.Failed)
        ?? steps.FindLast(s => s.State is JobStepState.Succeeded or JobStepState.Undone);

    private static JobStepStatus Step(StepPicture step, RecoveryJobStatus? status, bool ended, DateTimeOffset? now)
    {
        var before = status?.Steps.FirstOrDefault(s => s.Name == step.Name);
        var state = State(step.State, before?.State, ended);
        var wasSeen = before?.State is JobStepState.Pending or JobStepState.Running;
        var total = step.BytesTotal ?? before?.BytesTotal;
        var over = state is JobStepState.Succeeded or JobStepState.Failed or JobStepState.Undone;
        return new()
        {
            Name = step.Name,
            State = state,
            StartedAt = state is JobStepState.Pending or JobStepState.Skipped ? null : before?.StartedAt ?? (wasSeen || state == JobStepState.Running ? now : null),
            FinishedAt = over ? before?.FinishedAt ?? (wasSeen ? now : null) : null,
            BytesDone = state == JobStepState.Succeeded && total is not null ? total : step.BytesDone ?? before?.BytesDone,
            BytesTotal = total,
            Message = (step.State is null ? before?.Message : step.Message).Cut(LongestStepMessage),
        };
    }

    private static JobStepState State(JobStepState? wanted, JobStepState? before, bool ended) => (wanted ?? before ?? JobStepState.Pending, before) switch
    {
        (JobStepState.Pending or JobStepState.Running, _) when ended => JobStepState.Skipped,
        (JobStepState.Pending, JobStepState.Running) => JobStepState.Running,
        var (state, _) => state,
    };

    private static ConditionFact[] Conditions(RecoveryJobState state, JobPicture picture, JobCancelSpec? cancel)
    {
        var goesOn = state is RecoveryJobState.Pending or RecoveryJobState.Running or RecoveryJobState.Canceling;
        var failed = state == RecoveryJobState.Failed;
        return
        [
            new(ConditionTypes.Ready, state == RecoveryJobState.Succeeded, state.ToString(), picture.Message),
            new(ConditionTypes.Reconciling, goesOn && picture.Stalled is null, state.ToString(), goesOn ? "It goes on by itself." : "It has ended."),
            (goesOn, failed, picture.Stalled) switch
            {
                (true, _, { } stalled) => new(ConditionTypes.Stalled, true, stalled.Reason, stalled.Message),
                (_, true, _) => new(ConditionTypes.Stalled, true, "Failed", picture.Message),
                _ => new(ConditionTypes.Stalled, false, "NotStalled", "Nobody has to act."),
            },
            goesOn ? Cancelable(state, picture.Cancelable, cancel) : new(ConditionTypes.Cancelable, false, "Ended", "It has ended."),
        ];
    }

    private static ConditionFact Cancelable(RecoveryJobState state, Cancelability cancelable, JobCancelSpec? asked) => (state, asked, cancelable) switch
    {
        (RecoveryJobState.Canceling, _, _) => new(ConditionTypes.Cancelable, true, "Canceling", "A cancel was accepted."),
        (_, { } cancel, { Allowed: false }) => new(ConditionTypes.Cancelable, false, JobEvents.CancelRefused, $"Cancel '{cancel.Id}' is refused: {cancelable.Message}"),
        _ => new(ConditionTypes.Cancelable, cancelable.Allowed, cancelable.Reason, cancelable.Message),
    };
}
