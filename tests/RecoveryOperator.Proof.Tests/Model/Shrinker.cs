namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>Makes a failing run shorter: leaves out halves, quarters, single steps, as long as it still fails.</summary>
internal static class Shrinker
{
    public static async Task<List<Step>> ShrinkAsync(List<Step> failing, Func<List<Step>, Task<bool>> failsAsync, TimeSpan most)
    {
        long started = TimeProvider.System.GetTimestamp();
        List<Step> best = failing;
        for (int piece = Math.Max(1, best.Count / 2); piece >= 1; piece = piece == 1 ? 0 : piece / 2)
        {
            for (int at = 0; at < best.Count;)
            {
                if (TimeProvider.System.GetElapsedTime(started) > most)
                    return best;
                List<Step> candidate = [.. best.Take(at), .. best.Skip(at + piece)];
                if (candidate.Count > 0 && await failsAsync(candidate))
                    best = candidate;
                else
                    at += piece;
            }
        }

        return best;
    }
}
