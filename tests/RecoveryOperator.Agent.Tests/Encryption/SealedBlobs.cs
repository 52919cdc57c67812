using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.DataPath.ChangeLogs;

namespace RecoveryOperator.Agent.Tests.Encryption;

/// <summary>
/// Remembers every encrypted segment that was ever on a disk or in the vault, by what its key is derived from. Two contents under one header would be one key and
/// nonce used twice.
/// </summary>
internal sealed class SealedBlobs
{
    private const int IdentityBytes = 96;
    private readonly Dictionary<string, byte[]> _byIdentity = [];

    public int Count => _byIdentity.Count;

    /// <summary>Takes in what a broken process left in its spool, half written files too, and what the vault holds.</summary>
    public void Harvest(EngineBench bench)
    {
        foreach (byte[] blob in bench.Vault.Blobs.Values)
            Add(blob);
        if (!Directory.Exists(bench.SpoolFolder))
            return;
        foreach (string file in Directory.EnumerateFiles(bench.SpoolFolder, "*", SearchOption.AllDirectories))
            Add(File.ReadAllBytes(file));
    }

    /// <summary>Even without the salt, which follows the identity, no two segments have the same: the attempt alone keeps them apart.</summary>
    private void Add(byte[] segment)
    {
        if (!SegmentHeader.IsEncrypted(segment))
            return;
        string identity = Convert.ToHexString(segment.AsSpan(0, IdentityBytes));
        if (!_byIdentity.TryGetValue(identity, out byte[]? known))
        {
            _byIdentity[identity] = segment;
            return;
        }

        int common = Math.Min(known.Length, segment.Length);
        Assert.True(known.AsSpan(0, common).SequenceEqual(segment.AsSpan(0, common)), "two segments of one identity were encrypted");
        if (segment.Length > known.Length)
            _byIdentity[identity] = segment;
    }
}
