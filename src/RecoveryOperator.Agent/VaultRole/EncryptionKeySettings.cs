using System.Text;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>Where key-encryption keys come from: <c>Vault:EncryptionKeyFiles</c> (files or folders) and <c>Vault:EncryptionKeys</c> (base64), both separated by commas.</summary>
internal static class EncryptionKeySettings
{
    /// <summary>Reads them. Files are read when a key is needed; one that is not there yet may come.</summary>
    public static IKeyEncryptionKeys Read(IConfiguration configuration) =>
        new KeyEncryptionKeyFiles(List(configuration, "Vault:EncryptionKeyFiles"), [.. Given(configuration).OfType<KeyEncryptionKey>()]);

    /// <summary>All that is wrong.</summary>
    public static IEnumerable<string> Failures(IConfiguration configuration)
    {
        if (Given(configuration).Any(key => key is null))
            yield return $"Vault:EncryptionKeys must be keys of {KeyEncryptionKey.LengthBytes} bytes in base64, separated by commas.";
    }

    private static IEnumerable<KeyEncryptionKey?> Given(IConfiguration configuration) =>
        List(configuration, "Vault:EncryptionKeys").Select(text => KeyEncryptionKey.TryParse(Encoding.UTF8.GetBytes(text)));

    private static string[] List(IConfiguration configuration, string name) =>
        (configuration[name] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
