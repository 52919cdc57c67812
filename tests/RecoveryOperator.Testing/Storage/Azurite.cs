using System.Diagnostics;

namespace RecoveryOperator.Testing.Storage;

/// <summary>A real Azurite of one's own on a free port, its data in a temporary folder; ended by its script.</summary>
public sealed class Azurite : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Dictionary<string, string> _settings;

    private Azurite(string folder, Dictionary<string, string> settings)
    {
        _folder = folder;
        _settings = settings;
    }

    /// <summary>Blob endpoint, with the account in its path.</summary>
    public Uri Endpoint => new(_settings["AZURITE_URL"]);

    /// <summary>Account name.</summary>
    public string AccountName => _settings["AZURITE_ACCOUNT"];

    /// <summary>Account key: the emulator's public one.</summary>
    public string AccountKey => _settings["AZURITE_KEY"];

    /// <summary>Starts one; the first time on a machine it is installed, which takes a minute.</summary>
    public static async Task<Azurite> StartAsync(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("azurite-").FullName;
        await RunScriptAsync("start", folder, cancellationToken);
        Dictionary<string, string> settings = [];
        foreach (string line in await File.ReadAllLinesAsync(Path.Combine(folder, "env"), cancellationToken))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            settings[line[..equals]] = line[(equals + 1)..];
        }

        return new Azurite(folder, settings);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await RunScriptAsync("stop", _folder, CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task RunScriptAsync(string verb, string folder, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new("bash", [Path.Combine(RepositoryRoot.Path, "eng/run/azurite.sh"), verb, folder]);
        using Process script = Process.Start(start) ?? throw new InvalidOperationException("bash could not be started.");
        await script.WaitForExitAsync(cancellationToken);
        if (script.ExitCode != 0)
            throw new InvalidOperationException($"azurite.sh {verb} {folder} ended with {script.ExitCode}: see above.");
    }
}
