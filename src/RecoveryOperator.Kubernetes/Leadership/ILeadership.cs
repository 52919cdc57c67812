namespace RecoveryOperator.Kubernetes.Leadership;

/// <summary>Whether this process may act.</summary>
public interface ILeadership
{
    /// <summary>True from the moment the lease is won until it is lost or given back.</summary>
    bool IsLeader { get; }

    /// <summary>Cancelled when leadership is lost: all work ends, and soon after the process. Never cancelled on a graceful shutdown.</summary>
    CancellationToken Lost { get; }

    /// <summary>Waits until this process leads.</summary>
    Task WaitAsync(CancellationToken cancellationToken);
}
