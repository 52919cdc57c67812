namespace RecoveryOperator.Replication.Plans;

/// <summary>The next step of one VM's test failover (docs/failover.md, "Test failover").</summary>
public enum TestFailoverStep
{
    /// <summary>Ask the target, then record the test.</summary>
    CheckTarget,

    /// <summary>Have everything applied that was shipped when the test began, and choose the point.</summary>
    ChoosePoint,

    /// <summary>Create the machine on the target.</summary>
    Create,

    /// <summary>Start it.</summary>
    Start,

    /// <summary>See that it runs.</summary>
    CheckBoot,

    /// <summary>Nothing is left to do.</summary>
    Done,
}

/// <summary>What the VM's journal says about one test.</summary>
/// <param name="Recorded">It has a record.</param>
/// <param name="PointChosen">The point is recorded.</param>
/// <param name="MachineCreated">The machine's id is recorded.</param>
/// <param name="Started">The start is recorded.</param>
/// <param name="Checked">The result is recorded.</param>
public sealed record TestFailoverFacts(bool Recorded, bool PointChosen, bool MachineCreated, bool Started, bool Checked)
{
    /// <summary>The step that follows from the journal.</summary>
    public TestFailoverStep Next => this switch
    {
        { Recorded: false } => TestFailoverStep.CheckTarget,
        { PointChosen: false } => TestFailoverStep.ChoosePoint,
        { MachineCreated: false } => TestFailoverStep.Create,
        { Started: false } => TestFailoverStep.Start,
        { Checked: false } => TestFailoverStep.CheckBoot,
        _ => TestFailoverStep.Done,
    };
}
