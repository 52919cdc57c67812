namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>Waits for a condition, with a deadline.</summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static void IsTrue(Func<bool> condition, string what) => Assert.True(SpinWait.SpinUntil(condition, Deadline), $"Not within {Deadline}: {what}");
}
