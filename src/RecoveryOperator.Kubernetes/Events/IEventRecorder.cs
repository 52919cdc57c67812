using k8s;
using k8s.Models;

namespace RecoveryOperator.Kubernetes.Events;

/// <summary>Tells people what happened to an object, as Kubernetes events.</summary>
public interface IEventRecorder
{
    /// <summary>
    /// Hands an event over and returns at once. It never throws and never waits: an event that cannot be written is logged and dropped.
    /// The same event again counts up the one that is there.
    /// </summary>
    /// <param name="entity">What it is about.</param>
    /// <param name="type">Normal or warning.</param>
    /// <param name="reason">One word in CamelCase, for machines.</param>
    /// <param name="message">What happened and, for a warning, what to do; cut at 1,024 characters.</param>
    void Publish(IKubernetesObject<V1ObjectMeta> entity, EventType type, string reason, string message);
}
