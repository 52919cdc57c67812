namespace RecoveryOperator.Replication.Plans;

/// <summary>What a plan's operations tell about its test failovers.</summary>
public static class TestHistory
{
    /// <summary>The test that waits for its cleanup; null when none does. Also one that runs, failed, or gave way to a failover; not one that was canceled, which left nothing.</summary>
    /// <param name="operations">Every operation that the plan's journal holds, oldest first.</param>
    public static KnownOperation? Standing(IEnumerable<KnownOperation> operations)
    {
        KnownOperation? test = null;
        foreach (var operation in operations)
        {
            test = operation switch
            {
                { Type: OperationType.TestFailover, State: OperationState.Accepted or OperationState.Succeeded or OperationState.Failed } => operation,
                { Type: OperationType.CleanupTestFailover, State: OperationState.Succeeded } => null,
                _ => test,
            };
        }

        return test;
    }

    /// <summary>The newest test that succeeded and whose cleanup did; null when there is none.</summary>
    /// <param name="operations">Every operation that the plan's journal holds, oldest first.</param>
    public static (KnownOperation Test, KnownOperation Cleanup)? LastSuccess(IReadOnlyList<KnownOperation> operations)
    {
        (KnownOperation, KnownOperation)? last = null;
        for (var i = 0; i < operations.Count; i++)
        {
            if (operations[i] is { Type: OperationType.CleanupTestFailover, State: OperationState.Succeeded } cleanup
                && Standing(operations.Take(i)) is { State: OperationState.Succeeded } test)
                last = (test, cleanup);
        }

        return last;
    }
}
