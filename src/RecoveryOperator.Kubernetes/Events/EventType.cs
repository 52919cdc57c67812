namespace RecoveryOperator.Kubernetes.Events;

/// <summary>The two types of events that Kubernetes knows.</summary>
public enum EventType
{
    /// <summary>Something happened as it should.</summary>
    Normal,

    /// <summary>Something needs a person's attention.</summary>
    Warning,
}
