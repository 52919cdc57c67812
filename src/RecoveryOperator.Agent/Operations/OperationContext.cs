namespace RecoveryOperator.Agent.Operations;

/// <summary>What the work of an operation reports to.</summary>
public sealed class OperationContext
{
    private readonly RunningOperation _running;

    internal OperationContext(RunningOperation running) => _running = running;

    /// <summary>The operation's id, given by the caller; makes what the work creates idempotent.</summary>
    public string OperationId => _running.Id;

    /// <summary>Says what is being done now, for people.</summary>
    public void Step(string step) => _running.Change(operation => operation.Step = step);

    /// <summary>Says how far the work is.</summary>
    /// <param name="doneBytes">Bytes done.</param>
    /// <param name="totalBytes">Bytes in all, 0 when not known.</param>
    public void Progress(long doneBytes, long totalBytes) => _running.Change(operation =>
    {
        operation.BytesDone = doneBytes;
        operation.BytesTotal = totalBytes;
    });
}
