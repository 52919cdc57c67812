using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>One VM within one test failover.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Member">The VM as it stands now.</param>
/// <param name="Request">The operation.</param>
/// <param name="AcceptedAt">When the operation was accepted.</param>
internal sealed record TestRun(RecoveryPlan Plan, PlanMemberView Member, OperationRequest Request, DateTimeOffset AcceptedAt)
{
    /// <summary>A name that every driver takes, also with a long id.</summary>
    private const int LongestName = 120;

    public PointChoice Choice => new(Request.RecoveryPoint);

    public JournalDocument Journal => Member.Journal!.Value;

    /// <summary>What the VM's journal holds of this test; null before the first step.</summary>
    public TestFailoverRecord? Record => TestTransitions.Of(Member.Journal?.Value, Plan.Metadata.Name, Request.Id);

    /// <summary>The step that follows from the journal.</summary>
    public TestFailoverStep Next => NextOf(Record);

    /// <summary>The target host; meaningful once it is recorded.</summary>
    public NamespacedName Host => new(Plan.Metadata.NamespaceProperty, Record!.Host);

    /// <summary>Names the VM in ids of agents' operations.</summary>
    public string Key => $"{FailoverContext.KeyOf(Plan, Request)}/{Member.Name}";

    /// <summary>
    /// Name of the machine: the digits tell apart plans and namespaces whose users chose the same id for one target.
    /// </summary>
    /// <param name="name">Name that it would have in a failover.</param>
    public string MachineName(string name)
    {
        var owner = Encoding.UTF8.GetBytes($"{Plan.Metadata.NamespaceProperty}/{Plan.Metadata.Name}/{Member.Name}");
        var suffix = string.Create(CultureInfo.InvariantCulture, $"-test-{Request.Id}-{Convert.ToHexStringLower(SHA256.HashData(owner).AsSpan(0, 3))}");
        return string.Concat(name.AsSpan(0, Math.Min(name.Length, LongestName - suffix.Length)), suffix);
    }

    /// <summary>The step that follows from a record; from none the first.</summary>
    public static TestFailoverStep NextOf(TestFailoverRecord? record) => record is null
        ? TestFailoverStep.CheckTarget
        : new TestFailoverFacts(true, record.Point is not null, record.MachineId is not null, record.StartedAt is not null, record.Result is not null).Next;

    /// <summary>What the machine of a test is made for: no failover's machine is ever taken for it, nor the other way round.</summary>
    public static string MadeFor(string plan, string operationId) => $"test/{plan}/{operationId}";
}
