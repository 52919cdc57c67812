namespace RecoveryOperator.Replication.Plans;

/// <summary>The next step of one VM's failover (the second table of docs/failover.md).</summary>
public enum FailoverStep
{
    /// <summary>Ask the target, then raise the epoch.</summary>
    Fence,

    /// <summary>Create the seal and revoke the source's grant.</summary>
    Seal,

    /// <summary>Have everything before the seal applied and choose the point.</summary>
    ChoosePoint,

    /// <summary>Create the machine on the target.</summary>
    Create,

    /// <summary>Start it.</summary>
    Start,

    /// <summary>Nothing is left to do.</summary>
    Done,
}

/// <summary>What the VM's journal says about one failover.</summary>
/// <param name="Fenced">The epoch was raised for this operation.</param>
/// <param name="SealRecorded">The old epoch's seal is recorded.</param>
/// <param name="PointChosen">The point is recorded.</param>
/// <param name="MachineCreated">The machine's id is recorded.</param>
/// <param name="Started">The operation is recorded as succeeded.</param>
public sealed record FailoverFacts(bool Fenced, bool SealRecorded, bool PointChosen, bool MachineCreated, bool Started)
{
    /// <summary>The step that follows from the journal.</summary>
    public FailoverStep Next => this switch
    {
        { Started: true } => FailoverStep.Done,
        { Fenced: false } => FailoverStep.Fence,
        { SealRecorded: false } => FailoverStep.Seal,
        { PointChosen: false } => FailoverStep.ChoosePoint,
        { MachineCreated: false } => FailoverStep.Create,
        _ => FailoverStep.Start,
    };
}
