using System.Text.Json;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

/// <summary>Values for pure tests.</summary>
internal static class Examples
{
    public static DateTimeOffset Now { get; } = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static OperationRequest Request { get; } = new("dr-1", OperationType.UnplannedFailover, "Latest");

    public static PointSummary Point { get; } = new(1, 2, Now.AddMinutes(-1), Consistency.CrashConsistent);

    public static JournalDocument Journal { get; } = new() { ActiveSite = "site-a", Epoch = 1, Epochs = [new EpochRecord(1, null, null)] };

    public static PlanJournalDocument PlanJournal { get; } = new() { Plan = "0", Namespace = "ns", Name = "shop" };

    public static PlanMemberView Member(string name, PlanMemberState state, JournalDocument? journal = null, int group = 0) =>
        new(name, group, state, null) { Journal = new Versioned<JournalDocument>(journal ?? Journal, "1") };

    public static RecoveryPlan Plan(params string[] machines) => new()
    {
        Metadata = new V1ObjectMeta { Name = "shop", NamespaceProperty = "ns", Generation = 3 },
        Spec = new RecoveryPlanSpec { Groups = [.. machines.Select(m => new PlanGroup { Name = m, Vms = [new LocalRef { Name = m }] })] },
    };

    public static RecoveryPointDocument PointAt(long sequence, DateTimeOffset instant) => new()
    {
        Epoch = 1,
        Sequence = sequence,
        Instant = instant,
        Consistency = Consistency.CrashConsistent,
        SetSha256 = "",
        Machine = new MachineRecord("id", "web", JsonSerializer.SerializeToElement(new { })),
        Disks = [],
    };
}
