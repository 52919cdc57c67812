using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Reads the data key of a desired protection.</summary>
internal static class PayloadKeys
{
    /// <summary>The key; null when payloads travel in the clear.</summary>
    public static DataKey? Read(PayloadKey? key) => key is null ? null : DataKey.FromSecret(key.Key.Span);

    /// <summary>What is wrong with a key, without a word of it; null when nothing is.</summary>
    public static string? FindFault(PayloadKey? key)
    {
        if (key is null)
            return null;
        if (key.Key.Length != DataKey.LengthBytes)
            return $"payload_key must have {DataKey.LengthBytes} bytes.";

        return KeyId.Of(key.Key.Span).ToString() == key.Id ? null : $"payload_key is not the key of the id '{key.Id}'.";
    }
}
