using RecoveryOperator.Kubernetes.Status;
using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Events;

/// <summary>What makes two events the same, and so one with a count.</summary>
internal sealed record EventIdentity(string ObjectUid, NamespacedName Object, string Kind, EventType Type, string Reason, string Message);

/// <summary>One occurrence of an event.</summary>
/// <param name="Identity">Which event.</param>
/// <param name="InvolvedObject">The object it is about.</param>
/// <param name="At">When it happened.</param>
internal sealed record EventOccurrence(EventIdentity Identity, V1ObjectReference InvolvedObject, DateTimeOffset At)
{
    private const int LongestMessage = 1024;

    public static EventOccurrence Of(
        IKubernetesObject<V1ObjectMeta> entity, EventType type, string reason, string message, DateTimeOffset at)
    {
        var metadata = entity.Metadata;
        var text = message.Cut(LongestMessage);
        var reference = new V1ObjectReference
        {
            ApiVersion = entity.ApiVersion,
            Kind = entity.Kind,
            Name = metadata.Name,
            NamespaceProperty = metadata.NamespaceProperty,
            Uid = metadata.Uid,
            ResourceVersion = metadata.ResourceVersion,
        };
        return new(new(metadata.Uid ?? string.Empty, NamespacedName.Of(entity), entity.Kind ?? string.Empty, type, reason, text), reference, at);
    }
}
