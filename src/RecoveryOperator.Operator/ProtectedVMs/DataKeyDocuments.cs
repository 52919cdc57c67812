using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>What a <c>keys.json</c> is to become.</summary>
/// <param name="Document">The document; null when it cannot be brought up to date.</param>
/// <param name="Active">The data key for new sets.</param>
/// <param name="Obstacle">Why not.</param>
internal sealed record DataKeyPlan(KeysDocument? Document, DataKey? Active, Obstacle? Obstacle);

/// <summary>Brings a <c>keys.json</c> in line with its vault's keys, by pure rules: nothing is ever thrown away, and no key is replaced because it cannot be opened.</summary>
internal static class DataKeyDocuments
{
    /// <param name="standing">The document as it stands; null when there is none.</param>
    /// <param name="protection">Whose it is.</param>
    /// <param name="ring">The vault's keys; the current one is there.</param>
    /// <param name="rotation">Value that the active key must have been made for.</param>
    /// <param name="now">The time.</param>
    public static DataKeyPlan Plan(KeysDocument? standing, ProtectionId protection, VaultKeyRing ring, string rotation, DateTimeOffset now)
    {
        var kek = ring.Current!;
        var keys = (standing?.Keys ?? []).Select(key => Rewrap(key, protection, ring)).ToList();
        var activeIndex = keys.FindLastIndex(key => key.State == DataKeyState.Active);
        if (activeIndex < 0)
            return Added(keys);
        var wrapped = keys[activeIndex];
        if (wrapped.WrappedBy != kek.Id.ToString())
            return new(null, null, Unknown(wrapped, protection, ring));
        if (kek.TryUnwrap(wrapped, protection) is not { } active)
            return new(null, null, new("DataKeyChanged", $"keys.json of {protection}: data key {wrapped.DataKeyId} was changed, key-encryption key {kek.Id} does not open it. Restore the blob (soft delete keeps it for some days)."));
        if (wrapped.Rotation == rotation)
            return new(new() { ProtectionId = protection.ToString(), Keys = keys }, active, null);
        keys[activeIndex] = wrapped with { State = DataKeyState.Retired };
        return Added(keys);

        DataKeyPlan Added(List<WrappedDataKey> before)
        {
            var made = DataKey.Generate();
            var entry = new WrappedDataKey(made.Id.ToString(), kek.Id.ToString(), kek.Wrap(made, protection), now, DataKeyState.Active, rotation);
            return new(new() { ProtectionId = protection.ToString(), Keys = [.. before, entry] }, made, null);
        }
    }

    /// <summary>Puts a key that the previous key-encryption key wrapped under the current one; any other stays as it is.</summary>
    private static WrappedDataKey Rewrap(WrappedDataKey wrapped, ProtectionId protection, VaultKeyRing ring) =>
        ring is { Current: { } current, Previous: { } previous } && wrapped.WrappedBy == previous.Id.ToString() && wrapped.WrappedBy != current.Id.ToString()
            && previous.TryUnwrap(wrapped, protection) is { } key
            ? wrapped with { WrappedBy = current.Id.ToString(), Wrapped = current.Wrap(key, protection) }
            : wrapped;

    private static Obstacle Unknown(WrappedDataKey wrapped, ProtectionId protection, VaultKeyRing ring)
    {
        var given = ring.Previous is { } previous ? $"{ring.Current!.Id} and, as the previous one, {previous.Id}" : ring.Current!.Id.ToString();
        return new(
            "KeyMissing",
            $"keys.json of {protection}: data key {wrapped.DataKeyId} is wrapped by key-encryption key {wrapped.WrappedBy}; the RecoveryVault has {given}. "
                + "Give that key as spec.encryption.previousKeySecretRef. If it is lost for good, remove keys.json: the machine gets a new data key, sets that were not applied yet are lost and must be resynchronized.");
    }
}
