using System.Diagnostics;
using RecoveryOperator.Kubernetes.Clients;

namespace RecoveryOperator.Testing;

/// <summary>
/// A real kube-apiserver with its etcd, in a temporary folder and on free ports, started at first use. As an assembly fixture there is
/// one per test project. Where it cannot be had the tests fail, and the message names the script that sets it up.
/// </summary>
public sealed class ApiServer : ITestApiServer, IAsyncDisposable
{
    private static readonly string Script = Path.Combine(RepositoryRoot.Path, "eng", "run", "apiserver.sh");
    private readonly string _folder = Directory.CreateTempSubdirectory("recovery-operator-apiserver-").FullName;
    private readonly SemaphoreSlim _once = new(1);
    private bool _running;

    /// <summary>The administrator's kubeconfig; there once the server has been started.</summary>
    public string KubeconfigPath => Path.Combine(_folder, "kubeconfig");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The server could not be started.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _once.WaitAsync(cancellationToken);
        try
        {
            if (_running)
                return;
            await RunAsync("start", cancellationToken);
            _running = true;
        }
        finally
        {
            _once.Release();
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _once.WaitAsync(cancellationToken);
        try
        {
            if (!_running)
                return;
            await RunAsync("stop", cancellationToken);
            _running = false;
        }
        finally
        {
            _once.Release();
        }
    }

    /// <inheritdoc/>
    public KubernetesApi Connect(params DelegatingHandler[] handlers) => KubernetesApiFactory.Create(KubeconfigPath, null, handlers);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
        _once.Dispose();
    }

    private async Task RunAsync(string verb, CancellationToken cancellationToken)
    {
        if (!File.Exists(Script))
            throw Unavailable($"{Script} does not exist");
        using var process = Process.Start(new ProcessStartInfo(Script, [verb, _folder])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        }) ?? throw Unavailable("the script could not be started");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw Unavailable($"'{verb}' ended with {process.ExitCode}: {await output} {await error}");
    }

    private static InvalidOperationException Unavailable(string cause) =>
        new($"These tests need a real kube-apiserver, and none could be had ({cause.Trim()}). Run eng/setup/kube-apiserver.sh once, then again.");
}
