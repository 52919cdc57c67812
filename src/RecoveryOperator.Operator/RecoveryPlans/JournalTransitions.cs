using System.Text.Json;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>What each step of a failover writes into the VM's journal (docs/failover.md). Pure: the caller writes by compare-and-set.</summary>
internal static class JournalTransitions
{
    /// <summary>Raises the epoch. A point that is chosen already is recorded with it, so that it is not pruned from here on.</summary>
    public static JournalDocument Fence(
        JournalDocument journal, OperationRequest request, string plan, string site, string host, PointSummary? point, DateTimeOffset now)
    {
        var epoch = journal.Epoch + 1;
        return journal with
        {
            Epoch = epoch,
            Epochs = [.. journal.Epochs, new EpochRecord(epoch, point, null)],
            Failover = new FailoverRecord(request.Id, site, host, null, point, false, plan),
            Operations = [.. journal.Operations, Record(request, plan, nameof(OperationState.Accepted), now)],
        };
    }

    /// <summary>Records the end of the epoch before the present one, also where its beginning was never recorded.</summary>
    public static JournalDocument RecordSeal(JournalDocument journal, long sequence)
    {
        var old = journal.Epochs.FirstOrDefault(e => e.Epoch == journal.Epoch - 1) ?? new EpochRecord(journal.Epoch - 1, null, null);
        return journal with
        {
            Epochs = [.. journal.Epochs.Where(e => e.Epoch != old.Epoch).Append(old with { SealedAtSequence = sequence }).OrderBy(e => e.Epoch)],
        };
    }

    public static JournalDocument ChoosePoint(JournalDocument journal, PointSummary point) => journal with
    {
        Epochs = [.. journal.Epochs.Select(e => e.Epoch == journal.Epoch ? e with { Parent = point } : e)],
        Failover = journal.Failover! with { Point = point },
    };

    public static JournalDocument RecordMachine(JournalDocument journal, string machineId) => journal with
    {
        Failover = journal.Failover! with { MachineId = machineId },
    };

    public static JournalDocument RecordStart(JournalDocument journal, MemberResult result, DateTimeOffset now) => journal with
    {
        ActiveSite = journal.Failover!.Site,
        Operations = [.. journal.Operations.Select(o => IsOfFailover(o, journal.Failover) && o.State == nameof(OperationState.Accepted) ? End(o, nameof(OperationState.Succeeded), result, now) : o)],
    };

    public static JournalDocument Commit(JournalDocument journal, OperationRequest request, string plan, DateTimeOffset now) => journal with
    {
        Failover = journal.Failover! with { Committed = true },
        Operations = [.. journal.Operations, Record(request, plan, nameof(OperationState.Succeeded), now) with { FinishedAt = now }],
    };

    /// <summary>The operation of this plan may not fence the machine any more.</summary>
    public static JournalDocument Cancel(JournalDocument journal, OperationRequest request, string plan, DateTimeOffset now) => journal with
    {
        Operations = [.. journal.Operations, Record(request, plan, nameof(OperationState.Canceled), now) with { FinishedAt = now }],
    };

    /// <summary>It was canceled. An operation of the same id of another plan is another one.</summary>
    public static bool IsCanceled(JournalDocument journal, OperationRequest request, string plan) =>
        journal.Operations.Any(o => new OperationKey(plan, request.Id, request.Digest).Is(o) && o.State == nameof(OperationState.Canceled));

    /// <summary>It is the operation that made the failover.</summary>
    public static bool IsOfFailover(OperationRecord operation, FailoverRecord failover) =>
        operation.Id == failover.OperationId && (operation.Plan ?? failover.Plan) == failover.Plan;

    private static OperationRecord Record(OperationRequest request, string plan, string state, DateTimeOffset now) =>
        new(request.Id, request.Digest, request.Type.ToString(), state, now, null, null, plan);

    private static OperationRecord End(OperationRecord operation, string state, MemberResult result, DateTimeOffset now) =>
        operation with { State = state, FinishedAt = now, Result = JsonSerializer.SerializeToElement(result, JsonSerializerOptions.Web) };
}

/// <summary>What came of one VM's failover; stands in its journal.</summary>
/// <param name="Host">RecoveryHost.</param>
/// <param name="MachineId">Machine there.</param>
/// <param name="Point">Point that it started from.</param>
/// <param name="RpoSeconds">Seal minus point, in seconds.</param>
/// <param name="RtoSeconds">Acceptance to start, in seconds.</param>
/// <param name="Message">What a person should know; null when nothing.</param>
internal sealed record MemberResult(string Host, string? MachineId, PointSummary? Point, double? RpoSeconds, double? RtoSeconds, string? Message);
