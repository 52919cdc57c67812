namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>A snapshot in the vault.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Uri">Where it is. A secret: it is in no message and no log line.</param>
internal sealed record VaultSource(string Name, Uri Uri)
{
    /// <summary>A disk's content.</summary>
    public static VaultSource ContentOf(ReplicaDisk disk) => new($"Disk {disk.Index}", disk.SnapshotUri);

    /// <summary>Its checksum table; null when nobody gave the right to read it.</summary>
    public static VaultSource? SumsOf(ReplicaDisk disk) => disk.SumsUri is { } uri ? new($"The checksum table of disk {disk.Index}", uri) : null;

    /// <summary>Which snapshot it is: the instant at which it was made, without the grant.</summary>
    public string Snapshot =>
        Uri.Query.TrimStart('?').Split('&').FirstOrDefault(part => part.StartsWith("snapshot=", StringComparison.Ordinal)) is { } part
            ? System.Uri.UnescapeDataString(part["snapshot=".Length..])
            : "(not named)";

    /// <summary>Nothing of its address.</summary>
    public override string ToString() => Name;
}
