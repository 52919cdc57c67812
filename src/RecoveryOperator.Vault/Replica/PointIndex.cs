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
        NumberOf(metadata, Epoch) is { } epoch && NumberOf(metadata, Sequence) is { } sequence ? (epoch, sequence) : null;

    public static ListedPoint From(RecoveryPointDocument point) => new(
        new PointSummary(point.Epoch, point.Sequence, point.Instant, point.Consistency), point.CreatedAt, point.ClockSkew, point.VerifiedAt is not null, point.AppliedBytesTotal);

    /// <summary>The point, or null when the metadata is not whole: the document must be read then.</summary>
    public static ListedPoint? Read(IDictionary<string, string> metadata) =>
        SetOf(metadata) is { } set && _ofPoint.All(metadata.ContainsKey)
        && TimeOf(metadata, Instant) is { } instant && TimeOf(metadata, Stored) is { } stored
        && Enum.TryParse(metadata[Consistency], out Documents.Consistency consistency) && Enum.IsDefined(consistency)
            ? new ListedPoint(
                new PointSummary(set.Epoch, set.Sequence, instant, consistency), stored, metadata[Skew] == "true", metadata[Verified] == "true", NumberOf(metadata, Written))
            : null;

    private static long? NumberOf(IDictionary<string, string> metadata, string name) =>
        metadata.TryGetValue(name, out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static DateTimeOffset? TimeOf(IDictionary<string, string> metadata, string name) =>
        DateTimeOffset.TryParse(metadata[name], CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTimeOffset time) ? time : null;
}

/// <summary>A point as a listing shows it.</summary>
internal sealed record ListedPoint(PointSummary Summary, DateTimeOffset StoredAt, bool ClockSkew, bool Verified, long? AppliedBytesTotal = null);
