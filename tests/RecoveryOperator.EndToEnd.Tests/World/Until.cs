namespace RecoveryOperator.EndToEnd.Tests.World;

/// <summary>Waits for conditions that other processes bring about.</summary>
internal static class Until
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until the condition holds.</summary>
    /// <param name="seconds">How long it may take.</param>
    /// <param name="what">The condition as a sentence, for the message.</param>
    /// <param name="condition">Asked every 100 ms. What it throws counts as "no", and is told at the end.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TimeoutException">It did not come to hold.</exception>
    public static async Task HoldsAsync(int seconds, string what, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        Exception? last = null;
        while (true)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                last = fault;
            }

            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(seconds))
                throw new TimeoutException($"Not so within {seconds} s: {what}", last);
            await Task.Delay(PollInterval, cancellationToken);
        }
    }
}
