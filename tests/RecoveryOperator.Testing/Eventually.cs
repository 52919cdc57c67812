using System.Runtime.CompilerServices;

namespace RecoveryOperator.Testing;

/// <summary>Waits for conditions with a deadline, so that no test sleeps for a guessed time.</summary>
public static class Eventually
{
    /// <summary>How long a condition may take: only a test that fails waits for so long, so it suits a machine that does ten things besides.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not hold within the deadline; the message quotes it.</exception>
    public static Task HoldsAsync(
        Func<bool> condition, CancellationToken cancellationToken, [CallerArgumentExpression(nameof(condition))] string quoted = "") =>
        HoldsAsync(() => Task.FromResult(condition()), cancellationToken, quoted);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not hold within the deadline; the message quotes it.</exception>
    public static async Task HoldsAsync(
        Func<Task<bool>> condition, CancellationToken cancellationToken, [CallerArgumentExpression(nameof(condition))] string quoted = "")
    {
        ArgumentNullException.ThrowIfNull(condition);
        var until = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(until) > Deadline)
                throw new TimeoutException($"After {Deadline.TotalSeconds} s it still does not hold: {quoted}");
            await Task.Delay(PollInterval, cancellationToken);
        }
    }
}
