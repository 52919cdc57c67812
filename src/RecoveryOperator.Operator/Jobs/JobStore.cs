using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>Jobs over the informer's copy and the API server.</summary>
internal sealed class JobStore(IObjectReader<RecoveryJob> jobs, ResourceClient client, StatusWriter status) : IJobStore
{
    /// <summary>Index of jobs by their subject.</summary>
    public const string BySubject = "subject";

    /// <summary>Values of <see cref="BySubject"/>.</summary>
    public static IEnumerable<string> SubjectOf(RecoveryJob job) => [IndexValue(job.Spec.SubjectRef.Kind, NamespacedName.Of(job) with { Name = job.Spec.SubjectRef.Name })];

    /// <inheritdoc/>
    public bool IsListed => jobs is not IInformer informer || informer is { HasSynced: true, IsAbsent: false };

    /// <inheritdoc/>
    public RecoveryJob? Find(NamespacedName key) => jobs.Get(key);

    /// <inheritdoc/>
    public IReadOnlyList<RecoveryJob> Of(JobSubjectKind kind, NamespacedName subject) => jobs.ByIndex(BySubject, IndexValue(kind, subject));

    /// <inheritdoc/>
    public async Task<RecoveryJob> CreateAsync(RecoveryJob job, CancellationToken cancellationToken)
    {
        try
        {
            return await client.CreateAsync(job, cancellationToken);
        }
        catch (ResourceRequestException error) when (error.IsConflict)
        {
            // The copy lags behind, or somebody took the name: what stands there is shown, if it is of this operation.
            if (await client.GetAsync<RecoveryJob>(NamespacedName.Of(job), cancellationToken) is { } standing && IsSame(standing, job))
                return standing;
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<RecoveryJob?> ReadAsync(NamespacedName key, CancellationToken cancellationToken) => client.GetAsync<RecoveryJob>(key, cancellationToken);

    /// <inheritdoc/>
    public Task WriteAsync(RecoveryJob job, RecoveryJobStatus next, CancellationToken cancellationToken) => status.ApplyAsReadAsync(job, next, cancellationToken);

    private static bool IsSame(RecoveryJob standing, RecoveryJob job) =>
        (standing.Spec.Type, standing.Spec.OperationId, standing.Spec.SubjectRef) == (job.Spec.Type, job.Spec.OperationId, job.Spec.SubjectRef);

    private static string IndexValue(JobSubjectKind kind, NamespacedName subject) => $"{kind}/{subject}";
}
