namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>An index that an informer gets when it is made.</summary>
internal sealed record InformerIndexRegistration<T>(string Name, Func<T, IEnumerable<string>> ValuesOf);
