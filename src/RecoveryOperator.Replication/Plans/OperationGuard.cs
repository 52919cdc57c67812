namespace RecoveryOperator.Replication.Plans;

/// <summary>What to do about a request.</summary>
public enum OperationVerdict
{
    /// <summary>Record it as accepted and execute it.</summary>
    Accept,

    /// <summary>Record it as refused.</summary>
    Refuse,

    /// <summary>It is accepted already: go on.</summary>
    Continue,

    /// <summary>It has ended: nothing.</summary>
    Nothing,

    /// <summary>Its id belongs to another request: say so and record nothing.</summary>
    IdReused,

    /// <summary>A VM's state is not known: decide later and record nothing.</summary>
    Wait,
}

/// <summary>The verdict on a request.</summary>
/// <param name="Verdict">What to do.</param>
/// <param name="Message">Why, for people; empty when there is nothing to say.</param>
public sealed record OperationDecision(OperationVerdict Verdict, string Message);

/// <summary>Decides what becomes of a request (the first table of docs/failover.md).</summary>
public static class OperationGuard
{
    /// <summary>Tests of one VM at a time, of all plans: a replica holds five grants, and the worst day needs its own.</summary>
    public const int MaxTests = 3;

    /// <summary>Decides on <paramref name="request"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="known">Every operation that the plan's journal holds.</param>
    /// <param name="members">The plan's VMs.</param>
    public static OperationDecision Decide(OperationRequest request, IReadOnlyList<KnownOperation> known, IReadOnlyList<PlanMember> members)
    {
        var recorded = known.FirstOrDefault(o => o.Id == request.Id);
        if (recorded is not null)
            return DecideRecorded(request, recorded);

        var running = known.FirstOrDefault(o => o.State == OperationState.Accepted);
        if (running is not null && !GivesWay(running, request.Type))
            return Refuse(request, $"operation '{running.Id}' ({running.Type}) is still running", known, members);
        if (members.Count == 0)
            return Refuse(request, "the plan has no virtual machine", known, members);

        var unknown = members.Where(m => m.State == PlanMemberState.Unknown).Select(m => m.Name).ToList();
        if (unknown.Count > 0)
            return new(OperationVerdict.Wait, $"The state of {string.Join(", ", unknown)} is not known yet: the vault has not answered.");

        return Obstacle(request.Type, known, members) is { } obstacle
            ? Refuse(request, obstacle, known, members)
            : new(OperationVerdict.Accept, "");
    }

    /// <summary>The operations that would be accepted now, in a fixed order.</summary>
    public static IReadOnlyList<OperationType> Allowed(IReadOnlyList<KnownOperation> known, IReadOnlyList<PlanMember> members)
    {
        if (members.Count == 0 || members.Any(m => m.State == PlanMemberState.Unknown))
            return [];
        var running = known.FirstOrDefault(o => o.State == OperationState.Accepted);
        return [.. Enum.GetValues<OperationType>().Where(type => (running is null || GivesWay(running, type)) && Obstacle(type, known, members) is null)];
    }

    /// <summary>The worst day does not wait for a rehearsal.</summary>
    private static bool GivesWay(KnownOperation running, OperationType wanted) =>
        wanted == OperationType.UnplannedFailover && running.Type is (OperationType.TestFailover or OperationType.CleanupTestFailover);

    /// <summary>The refusal of a request, with what would be allowed instead.</summary>
    /// <param name="request">The request.</param>
    /// <param name="why">What stands in its way.</param>
    /// <param name="known">Every operation that the plan's journal holds.</param>
    /// <param name="members">The plan's VMs.</param>
    public static OperationDecision Refuse(
        OperationRequest request, string why, IReadOnlyList<KnownOperation> known, IReadOnlyList<PlanMember> members)
    {
        var allowed = Allowed(known, members);
        var possible = allowed.Count == 0 ? "No operation is allowed now." : $"Allowed now: {string.Join(", ", allowed)}.";
        return new(
            OperationVerdict.Refuse,
            $"{request.Type} '{request.Id}' is refused: {why}. {possible} This id is spent: ask again under a new one.");
    }

    private static OperationDecision DecideRecorded(OperationRequest request, KnownOperation recorded)
    {
        if (recorded.Digest != request.Digest)
            return new(
                OperationVerdict.IdReused,
                $"Operation id '{request.Id}' was used before for a {recorded.Type} with other fields and cannot be used again. Choose a new id.");
        return recorded.State == OperationState.Accepted
            ? new(OperationVerdict.Continue, "")
            : new(OperationVerdict.Nothing, "");
    }

    private static string? Obstacle(OperationType type, IReadOnlyList<KnownOperation> known, IReadOnlyList<PlanMember> members) => type switch
    {
        OperationType.UnplannedFailover => NotProtected(members),
        OperationType.TestFailover => TestHistory.Standing(known) is { } test
            ? $"test failover '{test.Id}' was not cleaned up: ask for CleanupTestFailover first"
            : Name(members, m => m.HasTest, _ => "still has the machine of an earlier test: ask for CleanupTestFailover first")
                ?? NotProtected(members)
                ?? Name(members, m => m.OtherTests >= MaxTests, m => $"has {m.OtherTests} tests of other plans already: clean one of them up"),
        OperationType.CleanupTestFailover => TestHistory.Standing(known) is null && !members.Any(m => m.HasTest) ? "no test failover waits for its cleanup" : null,
        OperationType.Commit =>
            Name(members, m => m.State is not (PlanMemberState.FailedOver or PlanMemberState.Committed), m => $"is {m.State}, not failed over")
            ?? (members.All(m => m.State == PlanMemberState.Committed) ? "every virtual machine is committed already" : null),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No guard is written for this operation type."),
    };

    private static string? NotProtected(IReadOnlyList<PlanMember> members) => Name(members, m => m.State != PlanMemberState.Protected, m => m.State switch
    {
        PlanMemberState.NotRecoverable => "has no recovery point yet",
        _ => $"is {m.State}",
    });

    private static string? Name(IReadOnlyList<PlanMember> members, Func<PlanMember, bool> blocks, Func<PlanMember, string> why)
    {
        var blocking = members.Where(blocks).Select(m => $"{m.Name} {why(m)}").ToList();
        return blocking.Count == 0 ? null : string.Join("; ", blocking);
    }
}
