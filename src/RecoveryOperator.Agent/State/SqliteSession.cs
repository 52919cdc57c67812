using Microsoft.Data.Sqlite;

namespace RecoveryOperator.Agent.State;

/// <summary>Statements within one transaction. Parameters are named <c>$0</c>, <c>$1</c> … in the order given.</summary>
public sealed class SqliteSession(SqliteConnection connection, SqliteTransaction transaction)
{
    /// <summary>Runs a statement; the number of rows that it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        using SqliteCommand command = Create(sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>A single number, 0 when there is none.</summary>
    public long Scalar(string sql, params ReadOnlySpan<object?> values)
    {
        using SqliteCommand command = Create(sql, values);
        return command.ExecuteScalar() is long value ? value : 0;
    }

    /// <summary>All rows.</summary>
    public IReadOnlyList<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        using SqliteCommand command = Create(sql, values);
        using SqliteDataReader reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private SqliteCommand Create(string sql, ReadOnlySpan<object?> values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // Callers give constant texts; values travel as parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int index = 0; index < values.Length; index++)
            command.Parameters.AddWithValue($"${index}", values[index] ?? DBNull.Value);
        return command;
    }
}
