using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.State;

/// <summary>Remembers ended operations across restarts.</summary>
public sealed class SqliteOperationStore(StateDatabase database) : IOperationStore
{
    /// <inheritdoc/>
    public EndedOperation? Find(string id) => database.InTransaction(session => session
        .Query(
            "SELECT digest, operation FROM operation WHERE id = $0",
            row => new EndedOperation(row.GetString(0), Operation.Parser.ParseFrom(row.GetFieldValue<byte[]>(1))),
            id)
        .SingleOrDefault());

    /// <inheritdoc/>
    public void Save(EndedOperation ended)
    {
        ArgumentNullException.ThrowIfNull(ended);
        database.InTransaction(session => session.Execute(
            "INSERT OR REPLACE INTO operation(id, digest, finished_at, operation) VALUES($0, $1, $2, $3)",
            ended.Operation.Id,
            ended.RequestDigest,
            ended.Operation.FinishedAt.ToDateTimeOffset().ToUnixTimeMilliseconds(),
            Google.Protobuf.MessageExtensions.ToByteArray(ended.Operation)));
    }

    /// <inheritdoc/>
    public void Forget(DateTimeOffset endedBefore) => database.InTransaction(session =>
        session.Execute("DELETE FROM operation WHERE finished_at < $0", endedBefore.ToUnixTimeMilliseconds()));
}
