using Microsoft.Data.Sqlite;

namespace RecoveryOperator.Agent.State;

/// <summary>
/// The state directory: one SQLite file (mode 0600: it holds grants), and a lock file that keeps a second process out. Writes are on stable
/// storage when they return.
/// </summary>
public sealed class StateDatabase : IDisposable
{
    /// <summary>Each one makes the next version of the schema. Published ones never change.</summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE protection(id TEXT PRIMARY KEY, machine TEXT UNIQUE, desired BLOB NOT NULL, granted_at INTEGER NOT NULL, progress TEXT NOT NULL) STRICT;
        CREATE TABLE base_segment(protection TEXT NOT NULL, disk INTEGER NOT NULL, segment INTEGER NOT NULL, attempt TEXT NOT NULL, blob TEXT NOT NULL,
            length INTEGER NOT NULL, sha256 TEXT NOT NULL, covered_through INTEGER NOT NULL, PRIMARY KEY(protection, disk, segment)) STRICT;
        CREATE TABLE cut(protection TEXT PRIMARY KEY, sequence INTEGER NOT NULL, attempt TEXT NOT NULL, checkpoint TEXT NOT NULL, manifest BLOB NOT NULL,
            changed INTEGER NOT NULL) STRICT;
        CREATE TABLE cut_segment(protection TEXT NOT NULL, disk INTEGER NOT NULL, segment INTEGER NOT NULL, path TEXT NOT NULL, blob TEXT NOT NULL,
            length INTEGER NOT NULL, sha256 TEXT NOT NULL, shipped INTEGER NOT NULL, PRIMARY KEY(protection, disk, segment)) STRICT;
        CREATE TABLE operation(id TEXT PRIMARY KEY, digest TEXT NOT NULL, finished_at INTEGER NOT NULL, operation BLOB NOT NULL) STRICT;
        """,
        "CREATE TABLE host(id INTEGER PRIMARY KEY, settings BLOB NOT NULL) STRICT;",
        """
        ALTER TABLE cut RENAME TO former_cut;
        ALTER TABLE cut_segment RENAME TO former_segment;
        CREATE TABLE cut(protection TEXT NOT NULL, sequence INTEGER NOT NULL, attempt TEXT NOT NULL, checkpoint TEXT NOT NULL, manifest BLOB NOT NULL,
            changed INTEGER NOT NULL, PRIMARY KEY(protection, sequence)) STRICT;
        CREATE TABLE cut_segment(protection TEXT NOT NULL, sequence INTEGER NOT NULL, disk INTEGER NOT NULL, segment INTEGER NOT NULL, path TEXT NOT NULL,
            blob TEXT NOT NULL, length INTEGER NOT NULL, sha256 TEXT NOT NULL, shipped INTEGER NOT NULL, PRIMARY KEY(protection, sequence, disk, segment)) STRICT;
        INSERT INTO cut SELECT * FROM former_cut;
        INSERT INTO cut_segment SELECT s.protection, c.sequence, s.disk, s.segment, s.path, s.blob, s.length, s.sha256, s.shipped
            FROM former_segment s JOIN former_cut c ON c.protection = s.protection;
        DROP TABLE former_cut;
        DROP TABLE former_segment;
        """,
        """
        CREATE TABLE cut_size(protection TEXT NOT NULL, sequence INTEGER NOT NULL, length INTEGER NOT NULL, pending INTEGER NOT NULL,
            PRIMARY KEY(protection, sequence)) STRICT;
        INSERT INTO cut_size SELECT c.protection, c.sequence, COALESCE(SUM(s.length), 0), COALESCE(SUM(CASE s.shipped WHEN 0 THEN s.length END), 0)
            FROM cut c LEFT JOIN cut_segment s ON s.protection = c.protection AND s.sequence = c.sequence GROUP BY c.protection, c.sequence;
        """,
    ];

    private readonly Lock _lock = new();
    private readonly FileStream _processLock;
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    /// <summary>Opens the directory, creating what is missing.</summary>
    /// <exception cref="InvalidOperationException">Another process uses the directory, or its schema is newer.</exception>
    public StateDatabase(string directory)
    {
        Directory.CreateDirectory(directory);
        _processLock = LockDirectory(Path.Combine(directory, "agent.lock"));
        try
        {
            string path = Path.Combine(directory, "agent.db");
            CreatePrivate(path);
            _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            _connection.Open();
            Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
            Migrate(path);
        }
        catch
        {
            _connection?.Dispose();
            _processLock.Dispose();
            throw;
        }
    }

    /// <summary>Runs statements in one transaction.</summary>
    public T InTransaction<T>(Func<SqliteSession, T> work)
    {
        lock (_lock)
        {
            using SqliteTransaction transaction = _connection.BeginTransaction();
            T result = work(new SqliteSession(_connection, transaction, _commands));
            transaction.Commit();
            return result;
        }
    }

    /// <summary>Runs statements in one transaction.</summary>
    public void InTransaction(Action<SqliteSession> work) => InTransaction(session =>
    {
        work(session);
        return 0;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (SqliteCommand command in _commands.Values)
                command.Dispose();
            _connection.Dispose();
        }

        _processLock.Dispose();
    }

    private static FileStream LockDirectory(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new InvalidOperationException(
                $"The state directory is in use: '{path}' is locked by another process. Stop the other agent, or give this one a directory of its own (State:Directory).", fault);
        }
    }

    private static void CreatePrivate(string path)
    {
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(path, options).Dispose();
    }

    private void Migrate(string path)
    {
        long version = InTransaction(session => session.Scalar("PRAGMA user_version"));
        if (version > Migrations.Length)
        {
            throw new InvalidOperationException(
                $"The state '{path}' has schema {version}, this program knows {Migrations.Length}. Start the version that wrote it, or a newer one.");
        }

        for (long next = version; next < Migrations.Length; next++)
            Execute($"BEGIN; {Migrations[next]} PRAGMA user_version={next + 1}; COMMIT;");
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // Constant texts of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
