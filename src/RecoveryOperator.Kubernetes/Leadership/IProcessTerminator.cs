namespace RecoveryOperator.Kubernetes.Leadership;

/// <summary>Ends the process; a seam, so that tests survive it.</summary>
public interface IProcessTerminator
{
    /// <summary>Ends the process now, without waiting for anything.</summary>
    /// <param name="reason">Why, for the log.</param>
    void Terminate(string reason);
}
