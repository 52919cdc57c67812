using k8s.Models;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>One VM within one operation.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Member">The VM as it stands now.</param>
/// <param name="Request">The operation.</param>
/// <param name="AcceptedAt">When the operation was accepted.</param>
internal sealed record FailoverContext(RecoveryPlan Plan, PlanMemberView Member, OperationRequest Request, DateTimeOffset AcceptedAt)
{
    public PointChoice Choice => new(Request.RecoveryPoint);

    public JournalDocument Journal => Member.Journal!.Value;

    /// <summary>The step that follows from the journal.</summary>
    public FailoverStep Next => Member.FactsOf(OperationKey.Of(Plan, Request)).Next;

    /// <summary>The epoch that the failover ends; meaningful once it is fenced.</summary>
    public long OldEpoch => Journal.Epoch - 1;

    /// <summary>The target host; meaningful once it is fenced.</summary>
    public NamespacedName Host => new(Plan.Namespace(), Member.Failover!.Host);

    /// <summary>Names the VM in ids of agents' operations.</summary>
    public string Key => IsOfEarlierVersion ? $"{Request.Id}/{Plan.Namespace()}/{Member.Name}" : $"{KeyOf(Plan, Request)}/{Member.Name}";

    /// <summary>Names the operation in ids of agents' operations: a user's id is a plan's own.</summary>
    public static string KeyOf(RecoveryPlan plan, OperationRequest request) => $"{request.Id}/{plan.Namespace()}/{plan.Metadata.Name}";

    /// <summary>
    /// What the machine at the target is made for. A user's id is a plan's own, and may come again in a later epoch: the target must not take a machine of
    /// either for this one.
    /// </summary>
    /// <param name="epoch">Epoch that the failover begins.</param>
    public string MadeFor(long epoch) => IsOfEarlierVersion ? Request.Id : $"{Plan.Metadata.Name}/{Request.Id}/{epoch}";

    /// <summary>Fenced by a version that recorded no plan: what it began goes on under the names that it gave.</summary>
    private bool IsOfEarlierVersion => Next != FailoverStep.Fence && Member.Failover is { Plan: null };
}
