using System.Collections.Concurrent;
using System.Diagnostics;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Agent.Tests.VaultCommands;
using RecoveryOperator.Testing.Storage;

namespace RecoveryOperator.Agent.Tests.VaultRole.Processes;

/// <summary>A vault agent as a process of its own, with a state directory of its own.</summary>
internal sealed class VaultAgentProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _name;

    public VaultAgentProcess(string folder, string name, Azurite azurite, Uri endpoint, TestCertificates certificates)
    {
        _name = name;
        _process = AgentProcess.Start(
        [
            "vault",
            "--Listen:Grpc", "127.0.0.1:0",
            "--Listen:Health", "127.0.0.1:0",
            "--Tls:Certificate", certificates.CertificatePath,
            "--Tls:Key", certificates.KeyPath,
            "--Tls:CertificateAuthority", certificates.AuthorityPath,
            "--State:Directory", Path.Combine(folder, name),
            "--Vault:Endpoint", endpoint.ToString(),
            "--Vault:Prefix", "t",
            "--Vault:AccountName", azurite.AccountName,
            "--Vault:AccountKey", azurite.AccountKey,
            "--Apply:RoundSeconds", "0.2",
            "--Apply:LeaseSeconds", "15",
        ]);
        _process.OutputDataReceived += (_, line) => Log.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => Log.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it wrote to its log.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    public bool Says(string text) => Log.Any(line => line.Contains(text, StringComparison.Ordinal));

    public int Count(string text) => Log.Count(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>Stops it in its tracks, or lets it go on.</summary>
    public async Task SignalAsync(string signal)
    {
        (int exitCode, _, string error) = await AgentProcess.RunToolAsync("kill", $"-{signal}", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(exitCode == 0, error);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        TestContext.Current.TestOutputHelper?.WriteLine($"The last that {_name} said:\n{string.Join('\n', Log.TakeLast(20).Select(line => line[..Math.Min(line.Length, 240)]))}");
    }
}
