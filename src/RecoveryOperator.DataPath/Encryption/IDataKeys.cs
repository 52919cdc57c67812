namespace RecoveryOperator.DataPath.Encryption;

/// <summary>The data keys that a reader holds.</summary>
public interface IDataKeys
{
    /// <summary>The key of this id, or null when the reader does not hold it.</summary>
    DataKey? Find(KeyId id);
}
