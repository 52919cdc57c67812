using Google.Protobuf;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.State;

/// <summary><see cref="IHostSettingsStore"/> in the state database.</summary>
public sealed class SqliteHostSettingsStore(StateDatabase database) : IHostSettingsStore
{
    /// <inheritdoc/>
    public PutHostSettingsRequest? Load() => database.InTransaction(session => session.Query(
        "SELECT settings FROM host WHERE id = 1", row => PutHostSettingsRequest.Parser.ParseFrom(row.GetFieldValue<byte[]>(0))).SingleOrDefault());

    /// <inheritdoc/>
    public void Save(PutHostSettingsRequest settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        database.InTransaction(session => session.Execute(
            "INSERT INTO host(id, settings) VALUES(1, $0) ON CONFLICT(id) DO UPDATE SET settings = $0", settings.ToByteArray()));
    }
}
