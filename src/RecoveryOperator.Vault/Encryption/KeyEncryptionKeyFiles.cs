using System.Security.Cryptography;

namespace RecoveryOperator.Vault.Encryption;

/// <summary>
/// Key-encryption keys in files, and in text that was given directly. A path may be a folder, as Kubernetes mounts a Secret: every file in it is a key, but for those whose names
/// begin with a dot. Read anew each time, because a mounted Secret changes under a running process.
/// </summary>
/// <param name="paths">Files and folders; one that is not there is a problem that is told, not an error.</param>
/// <param name="keys">Keys that were given directly.</param>
public sealed class KeyEncryptionKeyFiles(IReadOnlyList<string> paths, IReadOnlyList<KeyEncryptionKey> keys) : IKeyEncryptionKeys
{
    private const int LongestFileBytes = 256;

    /// <inheritdoc/>
    public KeyEncryptionKeySet Read()
    {
        List<KeyEncryptionKey> found = [.. keys];
        List<string> problems = [];
        foreach (string path in paths)
            ReadPath(path, found, problems);

        return new KeyEncryptionKeySet([.. found.DistinctBy(key => key.Id)], problems);
    }

    private static void ReadPath(string path, List<KeyEncryptionKey> found, List<string> problems)
    {
        try
        {
            string[] files = Directory.Exists(path) ? [.. Directory.GetFiles(path).Where(file => Path.GetFileName(file)[0] != '.').Order(StringComparer.Ordinal)] : [path];
            if (files.Length == 0)
                problems.Add($"the folder '{path}' holds no key");
            foreach (string file in files)
                ReadFile(file, found, problems);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            problems.Add($"'{path}' cannot be read ({fault.Message})");
        }
    }

    private static void ReadFile(string file, List<KeyEncryptionKey> found, List<string> problems)
    {
        if (!File.Exists(file))
        {
            problems.Add($"there is no file '{file}'");
            return;
        }

        byte[] content = new FileInfo(file).Length <= LongestFileBytes ? File.ReadAllBytes(file) : [];
        if (KeyEncryptionKey.TryParse(content) is { } key)
            found.Add(key);
        else
            problems.Add($"'{file}' does not hold a key: {KeyEncryptionKey.LengthBytes} bytes, raw or in base64");
        CryptographicOperations.ZeroMemory(content);
    }
}
