using System.Globalization;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Names checkpoints <c>&lt;epoch&gt;-&lt;sequence&gt;-&lt;attempt&gt;</c>: a checkpoint says by itself which set it belongs to.</summary>
public static class Checkpoints
{
    /// <summary>The id of a cut's checkpoint; sequence 0 is the initial copy's.</summary>
    public static ChangeTrackingId Name(long epoch, long sequence, Guid attempt) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{epoch}-{sequence}-{attempt:N}"));

    /// <summary>Reads an id; null when it is not one of ours.</summary>
    public static (long Epoch, long Sequence, Guid Attempt)? TryParse(ChangeTrackingId id)
    {
        string[] parts = id.Value.Split('-');
        return parts.Length == 3
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long epoch)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)
            && Guid.TryParseExact(parts[2], "N", out Guid attempt)
            ? (epoch, sequence, attempt)
            : null;
    }
}
