using System.Diagnostics;

namespace RecoveryOperator.Operator.Tests.Fixtures;

/// <summary>What kubectl said.</summary>
/// <param name="Succeeded">It ended with 0.</param>
/// <param name="Text">All of its output.</param>
internal sealed record KubectlResult(bool Succeeded, string Text);

/// <summary>The real kubectl, as a user has it.</summary>
internal sealed class Kubectl(string kubeconfig, string @namespace)
{
    /// <summary>KUBECTL, or the one of the set-up, or the path's.</summary>
    private static readonly string Program = Environment.GetEnvironmentVariable("KUBECTL") is { Length: > 0 } given ? given : InCache() is { } cached && File.Exists(cached) ? cached : "kubectl";

    /// <summary>Runs it with a text as its standard input.</summary>
    public async Task<KubectlResult> TryAsync(string? input, CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, ["--kubeconfig", kubeconfig, "-n", @namespace, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{Program} could not be started.");
        await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new(process.ExitCode == 0, await output + await error);
    }

    /// <summary>Runs it, and returns what it said.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message quotes it.</exception>
    public async Task<string> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var result = await TryAsync(null, cancellationToken, arguments);
        return result.Succeeded ? result.Text : throw new InvalidOperationException($"kubectl {string.Join(' ', arguments)}: {result.Text}");
    }

    private static string? InCache() => Path.Combine(
        Environment.GetEnvironmentVariable("RECOVERY_OPERATOR_CACHE") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "recovery-operator"),
        "bin",
        "kubectl");
}
