using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>Jobs in the cluster. A test seam: a test ends the process before or after each write.</summary>
internal interface IJobStore
{
    /// <summary>Whether there is a copy: not where the kind is not installed, or cannot be listed. Without it the operator works, and shows no jobs.</summary>
    bool IsListed { get; }

    /// <summary>The job as the copy has it; null when the copy has none.</summary>
    RecoveryJob? Find(NamespacedName key);

    /// <summary>A subject's jobs as the copy has them.</summary>
    IReadOnlyList<RecoveryJob> Of(JobSubjectKind kind, NamespacedName subject);

    /// <summary>Creates a job; where one of its name stands already, which the copy has not seen yet, returns that.</summary>
    /// <exception cref="ResourceRequestException">It could not be created.</exception>
    Task<RecoveryJob> CreateAsync(RecoveryJob job, CancellationToken cancellationToken);

    /// <summary>The job as the API server has it; null when it has none.</summary>
    /// <exception cref="ResourceRequestException">It could not be read.</exception>
    Task<RecoveryJob?> ReadAsync(NamespacedName key, CancellationToken cancellationToken);

    /// <summary>Writes a job's status if it differs.</summary>
    /// <exception cref="ResourceRequestException">It could not be written, for instance because the job is gone; a conflict if somebody else has written meanwhile.</exception>
    Task WriteAsync(RecoveryJob job, RecoveryJobStatus status, CancellationToken cancellationToken);
}
