using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Verify;

/// <summary>When a replica's next scrub is due.</summary>
internal static class ScrubSchedule
{
    private static readonly TimeSpan _longestFirst = TimeSpan.FromDays(1);

    /// <summary>The time; null when there is no point to scrub.</summary>
    /// <remarks>First scrubs are spread over a day by the protection's id, so that replicas created together are not read together.</remarks>
    public static DateTimeOffset? Due(ProtectionId id, ScrubDocument? scrub, AppliedDocument? applied, DateTimeOffset createdAt, ScrubOptions options)
    {
        if (applied?.LatestPoint is not { } latest)
            return null;
        if (scrub?.Running is { } running)
            return running.StartedAt; // A scrub that was cut off goes on at once.
        if (scrub?.Completed is not { } completed)
            return createdAt + (Fraction(id) * (options.Interval < _longestFirst ? options.Interval : _longestFirst));

        bool mayBeMended = applied.ReplicaDamage is { } damage && damage.Point != latest;
        return completed.At + (mayBeMended && options.DamagedInterval < options.Interval ? options.DamagedInterval : options.Interval);
    }

    private static double Fraction(ProtectionId id)
    {
        Span<byte> bytes = stackalloc byte[ProtectionId.LengthBytes];
        id.Write(bytes);
        return bytes[0] / 256.0;
    }
}
