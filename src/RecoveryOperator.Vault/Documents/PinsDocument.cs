namespace RecoveryOperator.Vault.Documents;

/// <summary><c>pins.json</c>: points that somebody wants to keep, whatever the retention says.</summary>
public sealed record PinsDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>The pins, in the order in which they were made.</summary>
    public IReadOnlyList<PinRecord> Pins { get; init; } = [];
}

/// <summary>A pinned point.</summary>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Reason">Why it is kept, for people.</param>
/// <param name="By">Who wanted it.</param>
/// <param name="At">When.</param>
public sealed record PinRecord(long Epoch, long Sequence, string Reason, string By, DateTimeOffset At);
