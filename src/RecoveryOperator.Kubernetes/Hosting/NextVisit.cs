namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>What becomes of a key after its work.</summary>
/// <param name="Failed">Whether the work failed.</param>
/// <param name="After">When to come back; null for the key's back-off after a failure, else for the next change.</param>
internal readonly record struct NextVisit(bool Failed, TimeSpan? After)
{
    public static NextVisit OnChange => new(false, null);

    public static NextVisit WithBackoff => new(true, null);
}
