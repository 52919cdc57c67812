using k8s;
using k8s.Models;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>Which operation a job shows.</summary>
/// <param name="Subject">What it is done to; the job's owner.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Type">What is done.</param>
/// <param name="OperationId">The operation's id.</param>
internal sealed record JobIdentity(IKubernetesObject<V1ObjectMeta> Subject, JobSubjectKind Kind, RecoveryJobType Type, string OperationId)
{
    /// <summary>The recovery point asked for; null where the operation takes none.</summary>
    public string? RecoveryPoint { get; init; }

    /// <summary>Who asked; null when nobody said.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>The job's name.</summary>
    public NamespacedName Key => NamespacedName.Of(Subject) with { Name = JobNames.Of(Kind, Subject.Metadata.Name, Type, OperationId) };

    /// <summary>The job as it is created.</summary>
    public RecoveryJob NewJob(TimeSpan timeToLive) => new()
    {
        Metadata = new()
        {
            Name = Key.Name,
            NamespaceProperty = Key.Namespace,
            OwnerReferences =
            [
                new() { ApiVersion = Subject.ApiVersion, Kind = Kind.ToString(), Name = Subject.Metadata.Name, Uid = Subject.Metadata.Uid, Controller = true },
            ],
        },
        Spec = new()
        {
            Type = Type,
            SubjectRef = new() { Kind = Kind, Name = Subject.Metadata.Name },
            OperationId = OperationId,
            RecoveryPoint = RecoveryPoint,
            RequestedBy = RequestedBy,
            TtlSecondsAfterFinished = (int)timeToLive.TotalSeconds,
        },
    };
}
