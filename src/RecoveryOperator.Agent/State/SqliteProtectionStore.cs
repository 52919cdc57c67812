using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.State;

/// <summary><see cref="IProtectionStore"/> in the state database. One for each database: it remembers the queues.</summary>
public sealed class SqliteProtectionStore(StateDatabase database) : IProtectionStore
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Queues as they are stored, which every cycle asks for some ten times. Filled and forgotten within transactions only, of which there is one at a time.</summary>
    private readonly ConcurrentDictionary<string, WaitingCuts> _queues = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyList<StoredProtection> LoadAll() =>
        database.InTransaction(session => session.Query("SELECT desired, granted_at, progress FROM protection ORDER BY id", ProtectionOf));

    /// <inheritdoc/>
    public StoredProtection? Load(string protectionId) => database.InTransaction(
        session => session.Query("SELECT desired, granted_at, progress FROM protection WHERE id = $0", ProtectionOf, protectionId).SingleOrDefault());

    /// <inheritdoc/>
    public void Put(DesiredProtection desired, DateTimeOffset grantedAt, ProtectionProgress first)
    {
        ArgumentNullException.ThrowIfNull(desired);
        database.InTransaction(session =>
        {
            if (session.Execute(
                "UPDATE protection SET desired = $1, granted_at = $2 WHERE id = $0", desired.ProtectionId, desired.ToByteArray(), grantedAt.ToUnixTimeMilliseconds()) > 0)
                return;

            RefuseClaimed(session, desired.ProtectionId, first);
            session.Execute(
                "INSERT INTO protection(id, machine, desired, granted_at, progress) VALUES($0, $1, $2, $3, $4)",
                desired.ProtectionId,
                first.MachineId,
                desired.ToByteArray(),
                grantedAt.ToUnixTimeMilliseconds(),
                JsonSerializer.Serialize(first, Json));
        });
    }

    /// <inheritdoc/>
    public void Save(string protectionId, ProtectionProgress progress) => database.InTransaction(session => Save(session, protectionId, progress));

    /// <inheritdoc/>
    public void BeginCopy(string protectionId, ProtectionProgress progress) => database.InTransaction(session =>
    {
        session.Execute("DELETE FROM base_segment WHERE protection = $0", protectionId);
        Save(session, protectionId, progress);
    });

    /// <inheritdoc/>
    public void AddBaseSegment(string protectionId, BaseSegment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        database.InTransaction(session => session.Execute(
            "INSERT INTO base_segment(protection, disk, segment, attempt, blob, length, sha256, covered_through) VALUES($0, $1, $2, $3, $4, $5, $6, $7)",
            protectionId,
            segment.Disk,
            segment.Segment,
            segment.Attempt.ToString("D"),
            segment.Blob,
            segment.LengthBytes,
            segment.Sha256,
            segment.CoveredThroughBytes));
    }

    /// <inheritdoc/>
    public IReadOnlyList<BaseSegment> LoadBaseSegments(string protectionId) => database.InTransaction(session => session.Query(
        "SELECT disk, segment, attempt, blob, length, sha256, covered_through FROM base_segment WHERE protection = $0 ORDER BY disk, segment",
        row => new BaseSegment(
            row.GetInt32(0), row.GetInt32(1), Guid.Parse(row.GetString(2)), row.GetString(3), row.GetInt64(4), row.GetString(5), row.GetInt64(6)),
        protectionId));

    /// <inheritdoc/>
    public void SaveCut(string protectionId, ProtectionProgress progress, PendingCut cut)
    {
        ArgumentNullException.ThrowIfNull(cut);
        database.InTransaction(session =>
        {
            _queues.TryRemove(protectionId, out _);
            Save(session, protectionId, progress);
            session.Execute(
                "INSERT INTO cut(protection, sequence, attempt, checkpoint, manifest, changed) VALUES($0, $1, $2, $3, $4, $5)",
                protectionId,
                cut.Intent.Sequence,
                cut.Intent.Attempt.ToString("D"),
                cut.Intent.Checkpoint.Value,
                cut.Manifest,
                cut.ChangedBytes);
            session.Execute(
                "INSERT INTO cut_size(protection, sequence, length, pending) VALUES($0, $1, $2, $3)", protectionId, cut.Intent.Sequence, cut.LengthBytes, cut.PendingBytes);
            foreach (CutSegment segment in cut.Segments)
                Insert(session, protectionId, cut.Intent.Sequence, segment);
        });
    }

    /// <inheritdoc/>
    public WaitingCuts LoadQueue(string protectionId) =>
        _queues.TryGetValue(protectionId, out WaitingCuts? known) ? known : database.InTransaction(session => _queues[protectionId] = ReadQueue(session, protectionId));

    /// <inheritdoc/>
    public PendingCut? LoadCut(string protectionId, long sequence) => database.InTransaction(session =>
    {
        IReadOnlyList<CutSegment> segments = session.Query(
            "SELECT disk, segment, path, blob, length, sha256, shipped FROM cut_segment WHERE protection = $0 AND sequence = $1 ORDER BY disk, segment",
            row => new CutSegment(row.GetInt32(0), row.GetInt32(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetString(5), row.GetInt64(6) != 0),
            protectionId,
            sequence);
        return session.Query(
            "SELECT sequence, attempt, checkpoint, manifest, changed FROM cut WHERE protection = $0 AND sequence = $1",
            row => new PendingCut(IntentOf(row), row.GetFieldValue<byte[]>(3), row.GetInt64(4), segments),
            protectionId,
            sequence).SingleOrDefault();
    });

    /// <inheritdoc/>
    public void MarkShipped(string protectionId, long sequence, int disk, int segment) => database.InTransaction(session =>
    {
        _queues.TryRemove(protectionId, out _);
        int changed = session.Execute(
            "UPDATE cut_segment SET shipped = 1 WHERE protection = $0 AND sequence = $1 AND disk = $2 AND segment = $3 AND shipped = 0", protectionId, sequence, disk, segment);
        if (changed == 0)
            return;

        session.Execute(
            """
            UPDATE cut_size SET pending = pending - (SELECT length FROM cut_segment WHERE protection = $0 AND sequence = $1 AND disk = $2 AND segment = $3)
            WHERE protection = $0 AND sequence = $1
            """,
            protectionId,
            sequence,
            disk,
            segment);
    });

    /// <inheritdoc/>
    public void EndCut(string protectionId, ProtectionProgress progress, long sequence, bool forgetBase) => database.InTransaction(session =>
    {
        _queues.TryRemove(protectionId, out _);
        session.Execute("DELETE FROM cut_segment WHERE protection = $0 AND sequence = $1", protectionId, sequence);
        session.Execute("DELETE FROM cut_size WHERE protection = $0 AND sequence = $1", protectionId, sequence);
        session.Execute("DELETE FROM cut WHERE protection = $0 AND sequence = $1", protectionId, sequence);
        Finish(session, protectionId, progress, forgetBase);
    });

    /// <inheritdoc/>
    public void DropCuts(string protectionId, ProtectionProgress progress, long fromSequence, bool forgetBase) => database.InTransaction(session =>
    {
        _queues.TryRemove(protectionId, out _);
        session.Execute("DELETE FROM cut_segment WHERE protection = $0 AND sequence >= $1", protectionId, fromSequence);
        session.Execute("DELETE FROM cut_size WHERE protection = $0 AND sequence >= $1", protectionId, fromSequence);
        session.Execute("DELETE FROM cut WHERE protection = $0 AND sequence >= $1", protectionId, fromSequence);
        Finish(session, protectionId, progress, forgetBase);
    });

    /// <inheritdoc/>
    public void Remove(string protectionId) => database.InTransaction(session =>
    {
        _queues.TryRemove(protectionId, out _);
        session.Execute("DELETE FROM cut_segment WHERE protection = $0", protectionId);
        session.Execute("DELETE FROM cut_size WHERE protection = $0", protectionId);
        session.Execute("DELETE FROM cut WHERE protection = $0", protectionId);
        session.Execute("DELETE FROM base_segment WHERE protection = $0", protectionId);
        session.Execute("DELETE FROM protection WHERE id = $0", protectionId);
    });

    private static WaitingCuts ReadQueue(SqliteSession session, string protectionId)
    {
        // A cut without its size is no cut that may be left out: reading null fails.
        IReadOnlyList<(CutIntent Cut, long LengthBytes, long PendingBytes)> cuts = session.Query(
            """
            SELECT c.sequence, c.attempt, c.checkpoint, s.length, s.pending FROM cut c
            LEFT JOIN cut_size s ON s.protection = c.protection AND s.sequence = c.sequence WHERE c.protection = $0 ORDER BY c.sequence
            """,
            row => (IntentOf(row), row.GetInt64(3), row.GetInt64(4)),
            protectionId);
        return new WaitingCuts([.. cuts.Select(cut => cut.Cut)], cuts.Sum(cut => cut.LengthBytes), cuts.Sum(cut => cut.PendingBytes));
    }

    private static void Save(SqliteSession session, string protectionId, ProtectionProgress progress)
    {
        RefuseClaimed(session, protectionId, progress);
        if (session.Execute(
            "UPDATE protection SET machine = $1, progress = $2 WHERE id = $0", protectionId, progress.MachineId, JsonSerializer.Serialize(progress, Json)) == 0)
            throw new InvalidOperationException($"The state database has no protection '{protectionId}': what it did cannot be recorded. It was removed while it ran.");
    }

    private static void RefuseClaimed(SqliteSession session, string protectionId, ProtectionProgress progress)
    {
        string? holder = progress.MachineId is not { } machine ? null : session
            .Query("SELECT id FROM protection WHERE machine = $0 AND id <> $1", row => row.GetString(0), machine, protectionId)
            .SingleOrDefault();
        if (holder is not null)
            throw new MachineClaimedException(progress.MachineId!, holder);
    }

    private static StoredProtection ProtectionOf(SqliteDataReader row) => new(
        DesiredProtection.Parser.ParseFrom(row.GetFieldValue<byte[]>(0)),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)),
        JsonSerializer.Deserialize<ProtectionProgress>(row.GetString(2), Json)!);

    /// <summary>Of a row that begins with sequence, attempt and checkpoint.</summary>
    private static CutIntent IntentOf(SqliteDataReader row) => new(row.GetInt64(0), Guid.Parse(row.GetString(1)), new ChangeTrackingId(row.GetString(2)));

    private static void Finish(SqliteSession session, string protectionId, ProtectionProgress progress, bool forgetBase)
    {
        if (forgetBase)
            session.Execute("DELETE FROM base_segment WHERE protection = $0", protectionId);
        Save(session, protectionId, progress);
    }

    private static void Insert(SqliteSession session, string protectionId, long sequence, CutSegment segment) => session.Execute(
        "INSERT INTO cut_segment(protection, sequence, disk, segment, path, blob, length, sha256, shipped) VALUES($0, $1, $2, $3, $4, $5, $6, $7, $8)",
        protectionId,
        sequence,
        segment.Disk,
        segment.Segment,
        segment.Path,
        segment.Blob,
        segment.LengthBytes,
        segment.Sha256,
        segment.Shipped ? 1 : 0);
}
