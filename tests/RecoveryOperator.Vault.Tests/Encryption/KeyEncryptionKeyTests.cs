using System.Text;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Vault.Tests.Encryption;

public sealed class KeyEncryptionKeyTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(value => (byte)value)];
    private readonly ProtectionId _protection = AzuriteFixture.NewId();

    [Fact]
    public void A_key_is_32_bytes_or_their_base64_and_nothing_else()
    {
        string text = Convert.ToBase64String(Secret);
        foreach (byte[] content in new[] { Secret, Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes($" {text}\n") })
            Assert.Equal("7fd5dea5c79b50b0fa02b7a45602d1aa", KeyEncryptionKey.TryParse(content)?.Id.ToString());

        foreach (string wrong in new[] { "", "secret", "correct horse battery staple", text[..^4], text + text, new string('x', 32) + "y", Convert.ToBase64String(new byte[33]) })
            Assert.Null(KeyEncryptionKey.TryParse(Encoding.UTF8.GetBytes(wrong)));
        Assert.Equal("key-encryption key 7fd5dea5c79b50b0fa02b7a45602d1aa", KeyEncryptionKey.TryParse(Secret)!.ToString());
    }

    [Fact]
    public void A_wrapped_key_opens_with_its_key_for_its_protection_and_differs_each_time()
    {
        KeyEncryptionKey kek = KeyEncryptionKey.TryParse(Secret)!;
        DataKey key = DataKey.Generate();

        WrappedDataKey first = KeyRack.Wrap(kek, key, _protection);
        WrappedDataKey second = KeyRack.Wrap(kek, key, _protection);

        Assert.NotEqual(first.Wrapped, second.Wrapped);
        foreach (WrappedDataKey wrapped in new[] { first, second })
            Assert.Equal(key.Secret.ToArray(), kek.TryUnwrap(wrapped, _protection)!.Secret.ToArray());
        Assert.Null(KeyRack.NewKeyEncryptionKey().TryUnwrap(first, _protection));
        Assert.Null(kek.TryUnwrap(first, AzuriteFixture.NewId()));
        Assert.Null(kek.TryUnwrap(first with { DataKeyId = DataKey.Generate().Id.ToString() }, _protection));
        Assert.Null(kek.TryUnwrap(first with { DataKeyId = "no id" }, _protection));
        Assert.Null(kek.TryUnwrap(first with { Wrapped = "no base64!" }, _protection));
        Assert.Null(kek.TryUnwrap(first with { Wrapped = first.Wrapped[..40] }, _protection));
    }

    [Fact]
    public void A_wrapped_key_that_was_changed_in_any_byte_is_refused()
    {
        KeyEncryptionKey kek = KeyEncryptionKey.TryParse(Secret)!;
        WrappedDataKey wrapped = KeyRack.Wrap(kek, DataKey.Generate(), _protection);
        byte[] bytes = Convert.FromBase64String(wrapped.Wrapped);
        Assert.Equal(60, bytes.Length);
        for (int position = 0; position < bytes.Length; position++)
        {
            byte[] changed = [.. bytes];
            changed[position] ^= 1;
            Assert.Null(kek.TryUnwrap(wrapped with { Wrapped = Convert.ToBase64String(changed) }, _protection));
        }
    }

    [Fact]
    public void Files_and_folders_are_read_anew_each_time_and_what_is_wrong_is_told()
    {
        string folder = Directory.CreateTempSubdirectory("keys-").FullName;
        string file = Path.Combine(folder, "single");
        string mounted = Directory.CreateDirectory(Path.Combine(folder, "mounted")).FullName;
        KeyEncryptionKeyFiles keys = new([file, mounted], [KeyRack.NewKeyEncryptionKey()]);

        KeyEncryptionKeySet nothing = keys.Read();
        File.WriteAllText(file, Convert.ToBase64String(Secret));
        File.WriteAllBytes(Path.Combine(mounted, "current"), DataKey.Generate().Secret.ToArray());
        File.WriteAllText(Path.Combine(mounted, "previous"), "a passphrase");
        File.WriteAllText(Path.Combine(mounted, "..data"), "not a key");
        KeyEncryptionKeySet some = keys.Read();
        File.WriteAllBytes(Path.Combine(mounted, "previous"), new byte[100_000]);
        KeyEncryptionKeySet later = keys.Read();
        File.Delete(file);
        KeyEncryptionKeySet less = keys.Read();

        Assert.Equal((1, 2), (nothing.Keys.Count, nothing.Problems.Count));
        Assert.Contains($"there is no file '{file}'", nothing.Problems);
        Assert.Equal(3, some.Keys.Count);
        Assert.Contains("previous", Assert.Single(some.Problems), StringComparison.Ordinal);
        Assert.Equal((3, 1), (later.Keys.Count, later.Problems.Count));
        Assert.Equal((2, 2), (less.Keys.Count, less.Problems.Count));
        Assert.DoesNotContain("passphrase", string.Join(' ', some.Problems), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
