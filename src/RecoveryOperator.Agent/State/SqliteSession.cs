using Microsoft.Data.Sqlite;

namespace RecoveryOperator.Agent.State;

/// <summary>
/// Statements within one transaction. Parameters are named <c>$0</c>, <c>$1</c> … in the order given. Texts are constants of this program, so each is compiled once
/// and kept: a cycle runs some dozens of them. One that carries bytes is not kept: SQLite would hold them until its next use, and a manifest may have 100 MiB.
/// </summary>
/// <param name="connection">The connection, which one caller at a time uses.</param>
/// <param name="transaction">The transaction.</param>
/// <param name="kept">Commands of former sessions of the connection, by text.</param>
public sealed class SqliteSession(SqliteConnection connection, SqliteTransaction transaction, Dictionary<string, SqliteCommand> kept)
{
    /// <summary>Runs a statement; the number of rows that it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Run(sql, static command => command.ExecuteNonQuery(), values);

    /// <summary>A single number, 0 when there is none.</summary>
    public long Scalar(string sql, params ReadOnlySpan<object?> values) => Run(sql, static command => command.ExecuteScalar() is long value ? value : 0, values);

    /// <summary>All rows. <paramref name="read"/> runs no statement.</summary>
    public IReadOnlyList<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values) => Run(
        sql,
        command =>
        {
            using SqliteDataReader reader = command.ExecuteReader();
            List<T> rows = [];
            while (reader.Read())
                rows.Add(read(reader));
            return rows;
        },
        values);

    private T Run<T>(string sql, Func<SqliteCommand, T> run, ReadOnlySpan<object?> values)
    {
        if (!kept.Remove(sql, out SqliteCommand? command))
            command = Create(sql);
        bool keep = false;
        try
        {
            command.Transaction = transaction;
            bool carriesBytes = false;
            for (int index = 0; index < values.Length; index++)
            {
                command.Parameters.AddWithValue($"${index}", values[index] ?? DBNull.Value);
                carriesBytes |= values[index] is byte[];
            }

            T result = run(command);
            keep = !carriesBytes;
            return result;
        }
        finally
        {
            if (keep)
                Keep(sql, command);
            else
                command.Dispose();
        }
    }

    private void Keep(string sql, SqliteCommand command)
    {
        command.Parameters.Clear();
        kept[sql] = command;
    }

    private SqliteCommand Create(string sql)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Callers give constant texts; values travel as parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}
