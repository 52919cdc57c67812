using System.Globalization;

namespace RecoveryOperator.Proof.Tests;

/// <summary>
/// How long the randomised tests run: a fixed number of cases from a fixed seed in CI; with <c>SOAK_MINUTES</c> (make soak) new seeds until the
/// time is over. <c>PROOF_SEED</c> repeats a run.
/// </summary>
internal static class Budget
{
    private const int DefaultSeed = 20_261_123;

    /// <summary>Seed of the first case.</summary>
    public static int Seed { get; } = Number("PROOF_SEED") ?? (Minutes > 0 ? Environment.TickCount & 0xFFFFFF : DefaultSeed);

    /// <summary>Minutes of a soak; 0 in CI.</summary>
    public static int Minutes => Number("SOAK_MINUTES") ?? 0;

    /// <summary>Whether a test goes on: <paramref name="ciCases"/> cases in CI, this share of the minutes in a soak.</summary>
    public static Func<int, bool> Of(int ciCases, double share)
    {
        if (Minutes == 0)
            return done => done < ciCases;

        long started = TimeProvider.System.GetTimestamp();
        TimeSpan time = TimeSpan.FromMinutes(Minutes * share);
        return _ => TimeProvider.System.GetElapsedTime(started) < time;
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
