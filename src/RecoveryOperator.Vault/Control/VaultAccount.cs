using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Control;

/// <summary>A storage account with full rights: the operator's and the vault agent's way into the vault. Thread-safe; keep one per account.</summary>
public sealed class VaultAccount
{
    private readonly BlobServiceClient _service;
    private readonly VaultConnectionOptions _options;

    private readonly StorageClock _clock;

    private VaultAccount(VaultConnectionOptions options, StorageClientOptions storage)
    {
        _options = options;
        _clock = new StorageClock(options.TimeProvider);
        _service = CreateClient(options, storage with { PerTry = [.. storage.PerTry, _clock] });
    }

    /// <summary>Prefix of the vault.</summary>
    public string Prefix => _options.Prefix;

    /// <summary>Name of the account, for people.</summary>
    public string Name => _service.AccountName;

    /// <summary>Endpoint without secrets.</summary>
    public string Endpoint => VaultErrors.NameOf(_service.Uri);

    internal BlobServiceClient Service => _service;

    internal TimeProvider TimeProvider => _options.TimeProvider;

    /// <summary>Opens an account; no request is made.</summary>
    /// <exception cref="VaultException">Unsupported, when the options cannot be used (no credential, a key that is not base64, an identity without https).</exception>
    public static VaultAccount Connect(VaultConnectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Connect(options, new StorageClientOptions { RequestBudget = options.RequestBudget, TimeProvider = options.TimeProvider });
    }

    internal static VaultAccount Connect(VaultConnectionOptions options, StorageClientOptions storage) => new(options, storage);

    /// <summary>Whether the account can be reached, the credentials are right, and its kind fits. Takes 5 s at most when it cannot be reached.</summary>
    /// <exception cref="VaultException">Unavailable, AccessDenied, or Unsupported, with what to do.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        BlobServiceClient probe = CreateClient(_options, new StorageClientOptions { RequestBudget = TimeSpan.FromSeconds(5), TimeProvider = TimeProvider });
        AccountInfo account = await StorageCall.RunAsync(
            probe.Uri, async () => (await probe.GetAccountInfoAsync(cancellationToken)).Value, cancellationToken);
        if (account.AccountKind != AccountKind.StorageV2 && !IsEmulator)
            throw Unfit($"is of kind {account.AccountKind}");
        if (account.SkuName.ToString().StartsWith("Premium", StringComparison.OrdinalIgnoreCase))
            throw Unfit($"is a Premium account ({account.SkuName}), which holds no block blobs beside page blobs");
    }

    /// <summary>All protections that have a replica container in this account, whatever their prefix.</summary>
    public async IAsyncEnumerable<ProtectionId> ListProtectionsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerable<BlobContainerItem> containers =
            StorageCall.ListAsync(_service.Uri, _service.GetBlobContainersAsync(cancellationToken: cancellationToken), cancellationToken);
        await foreach (BlobContainerItem container in containers.WithCancellation(cancellationToken))
        {
            if (ReplicaOf(container.Name) is { } id)
                yield return id;
        }
    }

    /// <summary>A protection's part of the vault, whether it exists yet or not; no request is made.</summary>
    public ProtectionVault Open(ProtectionId id) => new(this, id);

    /// <summary>A plan's journal, whether it exists yet or not; no request is made.</summary>
    public PlanJournalStore OpenPlanJournal(string planNamespace, string name) =>
        new(_service.GetBlobContainerClient(VaultNames.PlanContainer), ProtectionIds.DerivePlan(Prefix, planNamespace, name));

    /// <summary>Now, by the storage's clock as seen in its newest answer.</summary>
    internal DateTimeOffset StorageNow() => TimeProvider.GetUtcNow() + (_clock.Offset ?? TimeSpan.Zero);

    private bool IsEmulator => _service.AccountName == "devstoreaccount1" || _service.Uri.AbsolutePath.Trim('/').Length > 0;

    private VaultException Unfit(string finding) => new(
        VaultFault.Unsupported,
        Endpoint,
        $"The storage account {Name} {finding}.",
        "Use a Standard general-purpose v2 account: only this kind holds the change logs (block blobs) beside the replicas (page blobs).");

    private static ProtectionId? ReplicaOf(string container)
    {
        const int IdDigits = 2 * ProtectionId.LengthBytes;
        if (container.Length != IdDigits + VaultNames.ReplicaSuffix.Length || !container.EndsWith(VaultNames.ReplicaSuffix, StringComparison.Ordinal))
            return null;

        string id = container[..IdDigits];
        return id.All(char.IsAsciiHexDigitLower) ? ProtectionId.Parse(id) : null;
    }

    private static BlobServiceClient CreateClient(VaultConnectionOptions options, StorageClientOptions storage)
    {
        try
        {
            return options switch
            {
                { AccountName: { Length: > 0 } name, AccountKey: { Length: > 0 } key } =>
                    new BlobServiceClient(options.Endpoint, new StorageSharedKeyCredential(name, key), storage.Build()),
                { Sas: { Length: > 0 } sas } => new BlobServiceClient(options.Endpoint, new AzureSasCredential(sas.TrimStart('?')), storage.Build()),
                { Credential: { } credential } => new BlobServiceClient(options.Endpoint, credential, storage.Build()),
                _ => throw Unusable(options, "there is neither an account name with a key, nor a shared access signature, nor an identity", null),
            };
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            throw Unusable(options, fault is FormatException ? "the account key is not base64" : fault.Message, fault);
        }
    }

    private static VaultException Unusable(VaultConnectionOptions options, string finding, Exception? cause) => new(
        VaultFault.Unsupported,
        VaultErrors.NameOf(options.Endpoint),
        $"The {options} cannot be used: {finding}.",
        "Correct the endpoint or the credentials Secret of the RecoveryVault.",
        cause);
}
