using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Control;

/// <summary>
/// Stored access policies of one container. A SAS names only its policy: rights and expiry lie in the policy, so a grant is renewed and
/// revoked without a word to its holder.
/// </summary>
internal sealed class StoredPolicies(BlobContainerClient container)
{
    public const string HostPrefix = "host-";

    private const int MaxPolicies = 5;
    private const int MaxIdLength = 64;

    /// <summary>
    /// The storage replaces a container's policies as a whole, without a condition: two changes at once would undo each other, so those of one process (the operator that leads) take turns. A few turns
    /// are shared by all containers.
    /// </summary>
    private static readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    private static readonly TimeSpan _validity = TimeSpan.FromDays(7);
    private static readonly TimeSpan _renewBelow = TimeSpan.FromDays(6);

    public static string HostPolicy(long epoch) => HostPrefix + epoch.ToString(CultureInfo.InvariantCulture);

    public static string RecoverPolicy(string grantName)
    {
        string id = $"recover-{grantName}";
        return id.Length <= MaxIdLength ? id : string.Concat("recover-", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(grantName))).AsSpan(0, 32));
    }

    /// <summary>Creates the policy or moves its expiry forward; no write while it is good for six days more.</summary>
    public async Task EnsureAsync(string policy, string permissions, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using Turn turn = await TakeTurnAsync(cancellationToken);
        List<BlobSignedIdentifier> all = await ReadAsync(cancellationToken);
        BlobSignedIdentifier? standing = all.Find(candidate => candidate.Id == policy);
        if (standing?.AccessPolicy is { } access && access.PolicyExpiresOn - now >= _renewBelow && access.Permissions == permissions)
            return;

        all.RemoveAll(candidate => candidate.Id == policy || candidate.AccessPolicy?.PolicyExpiresOn < now);
        if (all.Count >= MaxPolicies)
            throw Full(all);

        BlobAccessPolicy renewed = new() { Permissions = permissions, PolicyExpiresOn = now + _validity };
        all.Add(new BlobSignedIdentifier { Id = policy, AccessPolicy = renewed });
        await WriteAsync(all, cancellationToken);
    }

    /// <summary>Moves the expiry of a policy forward; one that is not there, because it was revoked or never given, is not made.</summary>
    /// <returns>Whether the policy is there.</returns>
    public async Task<bool> RenewAsync(string policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using Turn turn = await TakeTurnAsync(cancellationToken);
        List<BlobSignedIdentifier> all = await ReadAsync(cancellationToken);
        if (all.Find(candidate => candidate.Id == policy)?.AccessPolicy is not { } access)
            return false;
        if (access.PolicyExpiresOn - now < _renewBelow)
        {
            access.PolicyExpiresOn = now + _validity;
            await WriteAsync(all, cancellationToken);
        }

        return true;
    }

    public async Task RemoveAsync(Predicate<string> matches, CancellationToken cancellationToken)
    {
        using Turn turn = await TakeTurnAsync(cancellationToken);
        List<BlobSignedIdentifier> all;
        try
        {
            all = await ReadAsync(cancellationToken);
        }
        catch (VaultException fault) when (fault.Fault == VaultFault.NotFound)
        {
            return; // No container, no grant.
        }

        if (all.RemoveAll(candidate => matches(candidate.Id)) > 0)
            await WriteAsync(all, cancellationToken);
    }

    public Uri SignContainer(string policy) => Sign(container.CanGenerateSasUri, () => container.GenerateSasUri(
        new BlobSasBuilder { BlobContainerName = container.Name, Resource = "c", Identifier = policy }));

    public Uri SignSnapshot(string policy, string blob, string snapshot) => Sign(container.CanGenerateSasUri, () => container.GetBlobClient(blob).WithSnapshot(snapshot).GenerateSasUri(
        new BlobSasBuilder { BlobContainerName = container.Name, BlobName = blob, Snapshot = snapshot, Resource = "bs", Identifier = policy }));

    private Uri Sign(bool canSign, Func<Uri> sign) => canSign ? sign() : throw new VaultException(
        VaultFault.Unsupported,
        VaultErrors.NameOf(container.Uri),
        "A grant that can be revoked needs the account key: an identity cannot sign for a stored access policy.",
        "Give the RecoveryVault a Secret with account name and key.");

    private Task<List<BlobSignedIdentifier>> ReadAsync(CancellationToken cancellationToken) => StorageCall.RunAsync(
        container.Uri,
        async () => (await container.GetAccessPolicyAsync(cancellationToken: cancellationToken)).Value.SignedIdentifiers.ToList(),
        cancellationToken);

    private Task<Azure.Response<BlobContainerInfo>> WriteAsync(List<BlobSignedIdentifier> all, CancellationToken cancellationToken) => StorageCall.RunAsync(
        container.Uri,
        () => container.SetAccessPolicyAsync(PublicAccessType.None, all, cancellationToken: cancellationToken),
        cancellationToken);

    private async Task<Turn> TakeTurnAsync(CancellationToken cancellationToken)
    {
        SemaphoreSlim turn = _turns[(uint)container.Uri.GetHashCode() % (uint)_turns.Length];
        await turn.WaitAsync(cancellationToken);
        return new Turn(turn);
    }

    private VaultException Full(List<BlobSignedIdentifier> all) => new(
        VaultFault.Conflict,
        VaultErrors.NameOf(container.Uri),
        $"The container {container.Name} has no room for another grant: {string.Join(", ", all.Select(policy => policy.Id))} stand there.",
        "Clean up a test failover or finish the hydration of a recovered machine, so that its grant is revoked.");

    private readonly struct Turn(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
