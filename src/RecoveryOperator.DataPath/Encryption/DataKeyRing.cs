namespace RecoveryOperator.DataPath.Encryption;

/// <summary>Data keys in memory, by their ids.</summary>
public sealed class DataKeyRing(IEnumerable<DataKey> keys) : IDataKeys
{
    private readonly Dictionary<KeyId, DataKey> _keys = keys.ToDictionary(key => key.Id);

    /// <summary>A ring without keys: encrypted segments cannot be read with it.</summary>
    public static DataKeyRing Empty { get; } = new([]);

    /// <inheritdoc/>
    public DataKey? Find(KeyId id) => _keys.GetValueOrDefault(id);
}
