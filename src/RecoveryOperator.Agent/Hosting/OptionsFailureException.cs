namespace RecoveryOperator.Agent.Hosting;

/// <summary>Settings are wrong; the message lists all that is.</summary>
public sealed class OptionsFailureException(IReadOnlyList<string> failures)
    : Exception($"The configuration cannot be used:{string.Concat(failures.Select(failure => $"{Environment.NewLine}  - {failure}"))}")
{
    /// <summary>Throws when there are failures.</summary>
    public static void ThrowIfAny(IReadOnlyList<string> failures)
    {
        if (failures.Count > 0)
            throw new OptionsFailureException(failures);
    }
}
