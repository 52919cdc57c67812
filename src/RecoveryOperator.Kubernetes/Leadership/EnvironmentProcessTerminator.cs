namespace RecoveryOperator.Kubernetes.Leadership;

/// <summary>Exits with code 1; if exit handlers hang, the process is aborted after two seconds.</summary>
public sealed class EnvironmentProcessTerminator : IProcessTerminator
{
    /// <inheritdoc/>
    public void Terminate(string reason)
    {
        var exit = new Thread(() => Environment.Exit(1)) { IsBackground = true };
        exit.Start();
        if (!exit.Join(TimeSpan.FromSeconds(2)))
            Environment.FailFast(reason);
    }
}
