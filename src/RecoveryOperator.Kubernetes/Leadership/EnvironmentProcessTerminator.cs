namespace RecoveryOperator.Kubernetes.Leadership;

/// <summary>Exits with code 1; if exit handlers hang, the process is aborted after half a second.</summary>
public sealed class EnvironmentProcessTerminator : IProcessTerminator
{
    /// <inheritdoc/>
    public void Terminate(string reason)
    {
        var exit = new Thread(() => Environment.Exit(1)) { IsBackground = true };
        exit.Start();
        if (!exit.Join(TimeSpan.FromMilliseconds(500)))
            Environment.FailFast(reason);
    }
}
