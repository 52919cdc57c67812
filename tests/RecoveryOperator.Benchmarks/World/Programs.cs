namespace RecoveryOperator.Benchmarks.World;

/// <summary>Where the programs are that are measured.</summary>
internal static class Programs
{
    /// <summary>The agent as it is delivered: a Release build, published beside this program.</summary>
    public static string Agent { get; } = Path.Combine(AppContext.BaseDirectory, "recovery-agent");

    /// <summary>This program: it holds the host role with a simulated hypervisor, and the bare client.</summary>
    public static string Self => Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");

    public static string AzCopy { get; } = Path.Combine(Scripts.Cache, "bin/azcopy");
}
