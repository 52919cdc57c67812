using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Replication.Protection;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Jobs.Protections;

/// <summary>
/// Which resynchronization a job is of: the epoch and the newest committed set when it began. Behind that set nothing is committed before the one that
/// completes it, so both stay the same while it lasts.
/// </summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Sequence">The newest committed set; 0: none.</param>
internal readonly record struct ResyncPlace(long Epoch, long Sequence)
{
    /// <summary>The beginning of the operation's id.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"resync-{Epoch}-{Sequence}");

    /// <summary>Where the resynchronization that runs now is; null when none does, or the agent is silent.</summary>
    public static ResyncPlace? Now(GatheredProtection gathered) =>
        gathered is { Facts.Agent.Knowledge: AgentKnowledge.Reports, Status: { Resync: not null, Phase: Agent.ProtectionPhase.Resynchronizing or Agent.ProtectionPhase.Paused } status }
            ? new(status.Epoch, status.CommittedSequence)
            : null;

    /// <summary>Where a job's resynchronization is; null when its id is none of this operator's.</summary>
    public static ResyncPlace? Of(RecoveryJob job) =>
        job.Spec.OperationId.Split('-') is ["resync", var epoch, var sequence, ..]
        && long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var e) && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            ? new(e, n)
            : null;

    /// <summary>The operation's id; the token tells one that was begun again at the same place.</summary>
    public string OperationId(string token) =>
        token.Length == 0 ? ToString() : $"{this}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)).AsSpan(0, 4))}";
}

/// <summary>The job of a resynchronization. Pure.</summary>
internal static class ResyncJob
{
    private static readonly (string Name, ResyncStage Stage)[] Steps =
    [
        ("Checksums", ResyncStage.WaitingForVault), ("Window", ResyncStage.WaitingForWindow), ("Compare", ResyncStage.Comparing), ("Complete", ResyncStage.Finishing),
    ];

    private static readonly Cancelability Cancelable = new(
        true, "Possible", "A cancel has the host give it up: what was shipped for it is never applied, and the recovery points stay.");

    /// <summary>Somebody asked for its end, in the job or in the ProtectedVM.</summary>
    public static bool IsCanceled(RecoveryJob job, GatheredProtection gathered) =>
        job.Spec.Cancel is not null || gathered.Entity.Spec.Resync?.Action == Api.ProtectedVMs.ResyncAction.Cancel;

    /// <summary>It runs.</summary>
    public static JobPicture Show(RecoveryJob job, GatheredProtection gathered, ProtectionDecision decision)
    {
        var resync = gathered.Facts.Agent.Resync!;
        var paused = resync.Stage == ResyncStage.WaitingForUser || gathered.Status!.Phase == Agent.ProtectionPhase.Paused;
        var canceled = IsCanceled(job, gathered);
        return new(canceled ? RecoveryJobState.Canceling : RecoveryJobState.Running, Progress(job, resync), Message(resync, canceled, paused), Cancelable)
        {
            Percent = resync.TotalBytes > 0 ? (int)Math.Clamp(resync.ComparedBytes * 100 / resync.TotalBytes, 0, 99) : null,
            Stalled = paused || canceled ? null : ProtectionStall.Of(decision),
        };
    }

    /// <summary>It has ended.</summary>
    public static JobPicture Ended(RecoveryJobState state, string message) => new(
        state, [.. Steps.Select(s => new StepPicture(s.Name, state == RecoveryJobState.Succeeded && s.Name != "Window" ? JobStepState.Succeeded : null))], message, Cancelable)
    {
        Percent = state == RecoveryJobState.Succeeded ? 100 : null,
    };

    /// <summary>Nobody who knows can say how it stands: what was known stays.</summary>
    public static JobPicture Unknown(RecoveryJob job, string message, Obstacle? stalled) => new(
        job.Spec.Cancel is null ? RecoveryJobState.Running : RecoveryJobState.Canceling, [.. Steps.Select(s => new StepPicture(s.Name, null))], message, Cancelable)
    {
        Percent = job.Status?.Percent,
        Stalled = stalled,
    };

    private static StepPicture[] Progress(RecoveryJob job, ResyncFacts resync)
    {
        var at = Array.FindIndex(Steps, s => s.Stage == resync.Stage);
        return [.. Steps.Select((step, i) => new StepPicture(step.Name, at < 0 ? null : StateOf(job, step.Name, i.CompareTo(at)))
        {
            BytesDone = step.Stage == ResyncStage.Comparing && resync.TotalBytes > 0 ? resync.ComparedBytes : null,
            BytesTotal = step.Stage == ResyncStage.Comparing && resync.TotalBytes > 0 ? resync.TotalBytes : null,
            Message = step.Stage == ResyncStage.WaitingForWindow && resync.StartsAt is { } opens ? string.Create(CultureInfo.InvariantCulture, $"The window opens at {opens:u}.") : null,
        })];
    }

    /// <summary>A window that was never waited for was not needed.</summary>
    private static JobStepState StateOf(RecoveryJob job, string name, int order) => order switch
    {
        > 0 => JobStepState.Pending,
        0 => JobStepState.Running,
        _ when name == "Window" && job.Status?.Steps.Any(s => s is { Name: "Window", StartedAt: not null }) != true => JobStepState.Skipped,
        _ => JobStepState.Succeeded,
    };

    private static string Message(ResyncFacts resync, bool canceled, bool paused)
    {
        var state = (canceled, paused) switch
        {
            (true, _) => "The host is told to give it up.",
            (_, true) => "It is paused: spec.paused, or spec.resync.action, of the ProtectedVM.",
            _ => "Source and replica are compared; the recovery points stay.",
        };
        return $"{resync.Reason}: {resync.Message} {state}";
    }
}
