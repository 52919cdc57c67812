namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>How a step stands after it was looked at once.</summary>
internal enum StepProgress
{
    /// <summary>Its result is in the journal: the next step follows.</summary>
    Done,

    /// <summary>It runs: look again soon.</summary>
    Running,

    /// <summary>Something stands in its way that a person may have to clear: look again later.</summary>
    Blocked,

    /// <summary>It can never succeed within this operation.</summary>
    Failed,
}

/// <summary>What became of a step.</summary>
/// <param name="Progress">How it stands.</param>
/// <param name="Message">What it does, or what stands in its way and what to do.</param>
internal sealed record StepOutcome(StepProgress Progress, string Message)
{
    public static StepOutcome Done { get; } = new(StepProgress.Done, string.Empty);

    /// <summary>Somebody else wrote the journal first: no failure, the step is decided again from what stands there now.</summary>
    public static StepOutcome Forestalled { get; } = Running("The journal was changed by somebody else; it is read again.");

    /// <summary>Nothing more will come of it in this operation.</summary>
    public bool HasEnded => Progress is StepProgress.Done or StepProgress.Failed;

    public static StepOutcome Running(string message) => new(StepProgress.Running, message);

    public static StepOutcome Blocked(string message) => new(StepProgress.Blocked, message);

    public static StepOutcome Failed(string message) => new(StepProgress.Failed, message);
}
