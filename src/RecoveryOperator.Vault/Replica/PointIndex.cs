using System.Globalization;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// What a listing tells of points and snapshots without reading them: a point's summary and a snapshot's set, as blob metadata. The documents are the
/// truth; this is their index, written in the same request.
/// </summary>
internal static class PointIndex
{
    private const string Epoch = "epoch";
    private const string Sequence = "sequence";
    private const string Instant = "instant";
    private const string Stored = "stored";
    private const string Consistency = "consistency";
    private const string Skew = "skew";
    private const string Verified = "verified";
    private const string Written = "written";

    private static readonly string[] _ofPoint = [Instant, Stored, Consistency, Skew, Verified];

    public static Dictionary<string, string> Describe(RecoveryPointDocument point)
    {
        Dictionary<string, string> metadata = DescribeSet(point.Epoch, point.Sequence);
        metadata[Instant] = point.Instant.ToString("O", CultureInfo.InvariantCulture);
        metadata[Stored] = point.CreatedAt.ToString("O", CultureInfo.InvariantCulture);
        metadata[Consistency] = point.Consistency.ToString();
        metadata[Skew] = point.ClockSkew ? "true" : "false";
        metadata[Verified] = point.VerifiedAt is null ? "false" : "true";
        if (point.AppliedBytesTotal is { } written)
            metadata[Written] = written.ToString(CultureInfo.InvariantCulture);
        return metadata;
    }

    public static Dictionary<string, string> DescribeSet(long epoch, long sequence) => new()
    {
        [Epoch] = epoch.ToString(CultureInfo.InvariantCulture),
        [Sequence] = sequence.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Epoch and sequence of a snapshot or point; null for a blob without them.</summary>
    public static (long Epoch, long Sequence)? SetOf(IDictionary<string, string> metadata) =>
        metadata.TryGetValue(Epoch, out string? epoch) && metadata.TryGetValue(Sequence, out string? sequence)
            ? (long.Parse(epoch, CultureInfo.InvariantCulture), long.Parse(sequence, CultureInfo.InvariantCulture))
            : null;

    public static ListedPoint From(RecoveryPointDocument point) => new(
        new PointSummary(point.Epoch, point.Sequence, point.Instant, point.Consistency), point.CreatedAt, point.ClockSkew, point.VerifiedAt is not null, point.AppliedBytesTotal);

    /// <summary>The point, or null when the metadata is not whole: the document must be read then.</summary>
    public static ListedPoint? Read(IDictionary<string, string> metadata) => SetOf(metadata) is { } set && _ofPoint.All(metadata.ContainsKey)
        ? new ListedPoint(
            new PointSummary(set.Epoch, set.Sequence, Time(metadata[Instant]), Enum.Parse<Documents.Consistency>(metadata[Consistency])),
            Time(metadata[Stored]),
            metadata[Skew] == "true",
            metadata[Verified] == "true",
            metadata.TryGetValue(Written, out string? written) ? long.Parse(written, CultureInfo.InvariantCulture) : null)
        : null;

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}

/// <summary>A point as a listing shows it.</summary>
internal sealed record ListedPoint(PointSummary Summary, DateTimeOffset StoredAt, bool ClockSkew, bool Verified, long? AppliedBytesTotal = null);
