using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>An Azurite of its own on a new folder, which goes with it.</summary>
internal sealed class BlobService : IAsyncDisposable
{
    /// <summary>Listen for libvirt hosts too.</summary>
    public const string AllAddresses = "0.0.0.0";

    private readonly string _folder;
    private readonly Dictionary<string, string> _settings;

    private BlobService(string folder, Dictionary<string, string> settings)
    {
        _folder = folder;
        _settings = settings;
    }

    /// <summary>Blob endpoint; where the service listens on all addresses, the one that libvirt hosts reach.</summary>
    public Uri Endpoint { get; private init; } = null!;

    public string AccountName => _settings["AZURITE_ACCOUNT"];

    public string AccountKey => _settings["AZURITE_KEY"];

    public int ProcessId => int.Parse(_settings["AZURITE_PID"], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Starts one.</summary>
    /// <param name="parent">Where its folder is made.</param>
    /// <param name="bind">Address to listen on.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<BlobService> StartAsync(string parent, string bind, CancellationToken cancellationToken)
    {
        string folder = Path.Combine(parent, $"azurite-{Guid.NewGuid():N}");
        await Scripts.RunAsync("run/azurite.sh", ["start", folder, "", bind], cancellationToken);
        Dictionary<string, string> settings = Scripts.ReadSettings(Path.Combine(folder, "env"));
        Uri loopback = new(settings["AZURITE_URL"]);
        return new BlobService(folder, settings)
        {
            Endpoint = bind == AllAddresses ? new UriBuilder(loopback) { Host = "10.231.0.1" }.Uri : loopback,
        };
    }

    /// <summary>The account under a vault prefix.</summary>
    public VaultAccount Connect(string prefix) => VaultAccount.Connect(new VaultConnectionOptions
    {
        Endpoint = Endpoint,
        Prefix = prefix,
        AccountName = AccountName,
        AccountKey = AccountKey,
    });

    public async ValueTask DisposeAsync()
    {
        await Scripts.RunAsync("run/azurite.sh", ["stop", _folder], CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
    }
}
