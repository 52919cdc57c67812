using RecoveryOperator.Kubernetes.Leadership;

namespace RecoveryOperator.Kubernetes.Tests.Leadership;

/// <summary>Notes that the process would have ended.</summary>
public sealed class RecordingTerminator : IProcessTerminator
{
    private int _terminations;

    public int Terminations => Volatile.Read(ref _terminations);

    /// <summary>Looks at the world at the moment of termination.</summary>
    public Func<(bool IsLeader, bool Lost)>? AtTermination { get; set; }

    public (bool IsLeader, bool Lost) Seen { get; private set; }

    public void Terminate(string reason)
    {
        if (AtTermination is not null)
            Seen = AtTermination();
        Interlocked.Increment(ref _terminations);
    }
}
