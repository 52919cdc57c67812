using Microsoft.Data.Sqlite;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.State;

/// <summary>The cheap view of a queue always agrees with the whole cuts.</summary>
public sealed class WaitingCutsTests : IDisposable
{
    private const string Id = "0123456789abcdef0123456789abcdef";
    private const string OtherId = "fedcba9876543210fedcba9876543210";

    private static readonly ProtectionProgress Progress = new() { Epoch = 1 };

    private readonly string _folder = Directory.CreateTempSubdirectory("queue-").FullName;
    private StateDatabase _database;
    private SqliteProtectionStore _store;

    public WaitingCutsTests()
    {
        _database = new StateDatabase(_folder);
        _store = new SqliteProtectionStore(_database);
        foreach (string id in new[] { Id, OtherId })
            _store.Put(new DesiredProtection { ProtectionId = id, Machine = id }, DateTimeOffset.UnixEpoch, Progress);
        _store.SaveCut(OtherId, Progress, Cut(7, segments: 2));
    }

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void It_agrees_with_the_cuts_after_each_thing_that_can_happen_to_them()
    {
        AssertAgrees([]);
        PendingCut[] cuts = [.. Enumerable.Range(2, 5).Select(sequence => Cut(sequence, segments: sequence - 2))];
        foreach (PendingCut cut in cuts)
            _store.SaveCut(Id, Progress, cut);
        AssertAgrees([2, 3, 4, 5, 6]);

        _store.MarkShipped(Id, 5, 0, 1);
        _store.MarkShipped(Id, 5, 0, 1); // Again, after a crash: it counts once.
        _store.MarkShipped(Id, 5, 0, 99);
        AssertAgrees([2, 3, 4, 5, 6]);
        Assert.Equal(_store.LoadQueue(Id).LengthBytes - 1001, _store.LoadQueue(Id).PendingBytes);

        _store.EndCut(Id, Progress, 2, forgetBase: false);
        AssertAgrees([3, 4, 5, 6]);
        _store.DropCuts(Id, Progress, 5, forgetBase: false);
        AssertAgrees([3, 4]);
        _store.SaveCut(Id, Progress, Cut(5, segments: 3));
        AssertAgrees([3, 4, 5]);
        _store.Remove(Id);
        AssertAgrees([]);
        Assert.Equal([7], _store.LoadQueue(OtherId).Cuts.Select(cut => cut.Sequence));
        Assert.Equal(2001, _store.LoadQueue(OtherId).LengthBytes);
    }

    [Fact]
    public void A_write_that_failed_leaves_what_is_stored_also_in_what_is_remembered()
    {
        _store.SaveCut(Id, Progress, Cut(2, segments: 2));
        AssertAgrees([2]);

        Assert.Throws<SqliteException>(() => _store.SaveCut(Id, Progress, Cut(2, segments: 1)));
        AssertAgrees([2]);
        Assert.Throws<InvalidOperationException>(() => _store.EndCut("no such protection", Progress, 2, forgetBase: false));

        AssertAgrees([2]);
        _store.MarkShipped(Id, 2, 0, 0);
        AssertAgrees([2]);
    }

    [Fact]
    public void A_queue_of_a_former_version_is_counted_when_its_state_is_opened()
    {
        foreach (int sequence in new[] { 2, 3, 4 })
            _store.SaveCut(Id, Progress, Cut(sequence, segments: sequence - 2));
        _store.MarkShipped(Id, 4, 0, 0);
        _database.Dispose();
        using (SqliteConnection former = new($"Data Source={Path.Combine(_folder, "agent.db")};Pooling=False"))
        {
            former.Open();
            using SqliteCommand command = former.CreateCommand();
            command.CommandText = "DROP TABLE cut_size; PRAGMA user_version=3;";
            command.ExecuteNonQuery();
        }

        _store = new SqliteProtectionStore(_database = new StateDatabase(_folder));

        AssertAgrees([2, 3, 4]);
        Assert.Equal(1001, _store.LoadQueue(Id).PendingBytes - 1000);
    }

    [Fact]
    public void A_cut_that_does_not_wait_is_none() => Assert.Null(_store.LoadCut(Id, 7));

    /// <summary>Segments of 1000, 1001 … bytes, on one disk.</summary>
    private static PendingCut Cut(long sequence, int segments)
    {
        CutIntent intent = new(sequence, Guid.NewGuid(), new ChangeTrackingId($"1-{sequence}"));
        return new PendingCut(intent, [1, 2, 3], 4096, [.. Enumerable.Range(0, segments).Select(segment =>
            new CutSegment(0, segment, $"/spool/{sequence}.{segment}", $"1/{sequence}/{segment}", 1000 + segment, "00", false))]);
    }

    private void AssertAgrees(long[] sequences)
    {
        WaitingCuts queue = _store.LoadQueue(Id);
        PendingCut[] whole = [.. sequences.Select(sequence => _store.LoadCut(Id, sequence)!)];

        Assert.Equal(sequences, queue.Cuts.Select(cut => cut.Sequence));
        Assert.Equal(whole.Select(cut => cut.Intent), queue.Cuts);
        Assert.Equal(whole.FirstOrDefault()?.Intent, queue.Oldest);
        Assert.Equal(whole.LastOrDefault()?.Intent, queue.Newest);
        Assert.Equal(whole.Sum(cut => cut.LengthBytes), queue.LengthBytes);
        Assert.Equal(whole.Sum(cut => cut.PendingBytes), queue.PendingBytes);
    }
}
